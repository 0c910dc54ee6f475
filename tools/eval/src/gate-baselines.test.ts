import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Baseline } from "@footnote/evaluation/gate";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { baselinePath, readBaseline, writeBaseline } from "./gate-baselines.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "footnote-baselines-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const baseline: Baseline = {
  dataset: { name: "handbook", sha256: "a", split: "test" },
  pipeline: "default",
  pipelineHash: "b",
  corpus: null,
  judges: ["stated@1"],
  commit: null,
  createdAt: "2026-11-21T10:00:00.000Z",
  machine: { calibrationMs: 1.5, cpuMs: 90, loadPerCore: 0.4 },
  history: [{ at: "2026-11-21T10:00:00.000Z", commit: null, reason: "The first one", means: { "recall@5": 1, faithfulness: null } }],
  cases: ["q-2", "q-1"].map((id) => ({
    id,
    question: "Wie heißt es?",
    answerable: true,
    tags: ["typo"],
    metrics: { "recall@5": 1, faithfulness: null },
    text: "Line\nbreak \u2028 [1]",
    finishReason: "stop",
    citations: [{ document: "a.md", start: 0, end: 4, text: "Line" }],
    contexts: [{ document: "a.md", start: 0, end: 9 }],
    milliseconds: 3.5,
    usd: 0,
  })),
};

describe("baselines", () => {
  it("come back as they were written, cases in the order of their ids, one a line", async () => {
    const path = await writeBaseline(folder, baseline);
    expect(path).toBe(baselinePath(folder, { dataset: "handbook", split: "test", pipeline: "default" }));
    expect(await readBaseline(path)).toEqual({ ...baseline, cases: baseline.cases.toReversed() });
    expect((await readFile(path, "utf8")).split("\n")).toHaveLength(4);
    const again = await readFile(path, "utf8");
    await writeBaseline(folder, { ...baseline, cases: baseline.cases.toReversed() });
    expect(await readFile(path, "utf8")).toBe(again);
  });

  it("are null where there is none, and say what to do when they are damaged", async () => {
    expect(await readBaseline(join(folder, "absent.jsonl"))).toBeNull();
    const path = await writeBaseline(folder, baseline);
    for (const damaged of ["", '{"format":2}', (await readFile(path, "utf8")).replace('"recall@5":1', '"recall@5":"high"')]) {
      await writeFile(path, damaged);
      await expect(readBaseline(path)).rejects.toThrow(/cannot be read; take it from the last commit/u);
    }
    await expect(readBaseline(folder)).rejects.toThrow(/EISDIR/u);
  });
});
