import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EvalCase } from "@footnote/evaluation";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openJudges } from "@footnote/server/judges";
import { faults } from "./injected-faults.ts";
import { readGateSettings } from "./gate-settings.ts";
import { readHandbookCases } from "./handbook-store.ts";
import { formatBaselineChange, type GateOptions, readBaselines, runGate, runFaultMatrix, updateBaselines } from "./run-gate.ts";
import { inCheckout } from "./shared-folder.ts";

/** Some single facts and some that nobody can answer: enough to see faults, few enough for a test. */
async function fewCases(): Promise<EvalCase[]> {
  const cases = (await readHandbookCases()).filter(({ split }) => split === "test");
  const some = (tag: string, count: number) => cases.filter(({ tags }) => tags.includes(tag)).slice(0, count);
  return [...some("single-fact", 12), ...some("unanswerable", 4)];
}

describe("the gate over a store", () => {
  let folder = "";
  let options: GateOptions;
  const judging = openJudges();
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "footnote-run-gate-"));
    const settings = await readGateSettings(inCheckout("evals/gates.json"));
    options = {
      cases: await fewCases(),
      split: "test",
      pipelineNames: ["default"],
      judges: judging.judges,
      // Floors are for the whole set.
      settings: { ...settings, resamples: 2_000, floors: settings.floors.filter(({ metric }) => metric === "faithfulness") },
      baselines: folder,
      variables: {},
      log: () => {},
    };
  });
  afterAll(async () => {
    await judging.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("keeps what it was told to accept with its reason, and finds injected faults beside it", async () => {
    await expect(runGate(options)).rejects.toThrow(/has no baseline for handbook \(test\)/u);
    const written = await updateBaselines({ ...options, reason: "The first one, for a test" });
    expect((await readdir(folder)).toSorted()).toEqual(["handbook-keywords.test.default.jsonl", "handbook.test.default.jsonl"]);
    const [questions, keywords] = written.map(({ before, baseline }) => formatBaselineChange(before, baseline, options.settings.metrics));
    expect(questions?.[0]).toBe("default on handbook: 16 questions");
    expect(questions).toContain("  faithfulness 1.000");
    expect(keywords?.slice(1).map((line) => line.trim().split(" ")[0])).toEqual(["recall@5", "recall@10", "ndcg@10"]);
    const [first] = await readBaselines(options);
    expect(first?.history).toMatchObject([{ reason: "The first one, for a test" }]);
    const { baseline } = written[0] ?? {};
    expect(baseline && formatBaselineChange(baseline, baseline, ["faithfulness"])).toContain("  faithfulness 1.000 → 1.000");

    const found = await runFaultMatrix({
      ...options,
      faults: faults.filter(({ name }) => ["drop-lexical", "shuffle-ranks", "unsupported-sentences"].includes(name)),
    });
    expect(found.map(({ fault, caught }) => [fault.name, caught])).toEqual([
      ["drop-lexical", true],
      ["shuffle-ranks", true],
      ["unsupported-sentences", true],
    ]);
    expect(found[0]?.report.runs.map(({ dataset }) => dataset)).toEqual(["handbook", "handbook-keywords"]);
    expect(found[0]?.report.problems.join("\n")).toMatch(/default on handbook-keywords: ndcg@10 over all 150 questions fell/u);
    expect(found[2]?.report.floors).toMatchObject([{ metric: "faithfulness", met: false }]);
    await expect(runGate({ ...options, cases: options.cases.slice(1) })).rejects.toThrow(/another version of the dataset/u);
  }, 600_000);
});
