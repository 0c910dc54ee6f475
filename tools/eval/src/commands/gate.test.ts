import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Baseline } from "@footnote/evaluation/gate";
import { createRandom } from "@footnote/evaluation/statistics";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeBaseline } from "../gate-baselines.ts";
import { runCommand } from "../program.ts";
import { fakeTerminal } from "@footnote/terminal/testing";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "footnote-gate-command-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function run(...argv: string[]): Promise<{ status: number; out: string; err: string }> {
  const terminal = fakeTerminal();
  const context = { terminal, variables: {}, cwd: folder, signal: new AbortController().signal, exitCode: 0 };
  const status = await runCommand(argv, context);
  return { status, out: terminal.out(), err: terminal.err() };
}

/** Baselines of two pipelines that differ on some questions. */
async function writeBaselines(): Promise<void> {
  const random = createRandom(3);
  const metricsOf = () => ({ "recall@5": random() < 0.8 ? 1 : 0, faithfulness: 1, abstention: random() < 0.85 ? 1 : 0 });
  const cases: Baseline["cases"] = Array.from({ length: 60 }, (_, index) => ({
    id: `q-${index}`,
    question: "Why?",
    answerable: true,
    tags: [index % 2 === 0 ? "table" : "typo"],
    metrics: metricsOf(),
    text: "Because.",
    finishReason: "stop",
    citations: [],
    contexts: [],
    milliseconds: 1,
    usd: 0,
  }));
  for (const dataset of ["handbook", "handbook-keywords"]) {
    for (const pipeline of ["default", "hybrid-rrf-rerank"]) {
      await writeBaseline(folder, {
        dataset: { name: dataset, sha256: "a", split: "test" },
        pipeline,
        pipelineHash: "b",
        corpus: null,
        judges: [],
        commit: null,
        createdAt: "2026-11-21T10:00:00.000Z",
        machine: null,
        history: [],
        cases: pipeline === "default" ? cases : cases.map((one) => (random() < 0.4 ? { ...one, metrics: metricsOf() } : one)),
      });
    }
  }
}

describe("eval gate", () => {
  it("ends with 2 at wrong usage, and says what is known", async () => {
    expect(await run("gate", "--inject", "tulips")).toMatchObject({
      status: 2,
      err: expect.stringContaining("known are drop-lexical, halve-chunks"),
    });
    expect(await run("gate", "--pipelines", "fastest")).toMatchObject({ status: 2, err: expect.stringContaining("known are default") });
    expect(await run("gate", "--update-baseline", "better")).toMatchObject({ status: 2, err: expect.stringContaining("in a sentence") });
    expect(await run("gate", "--update-baseline", "A good reason", "--matrix")).toMatchObject({
      status: 2,
      err: expect.stringContaining("no baseline"),
    });
    expect(await run("gate", "--split", "all")).toMatchObject({ status: 2 });
    expect(await run("power", "--trials", "none")).toMatchObject({ status: 2 });
  });

  it("says what to do without a baseline, and with one of another dataset, before anything is run", async () => {
    const missing = await run("gate", "--baselines", "absent");
    expect(missing).toMatchObject({
      status: 1,
      err: expect.stringContaining('make the first one: pnpm eval gate --update-baseline "<why>"'),
    });
    await writeBaselines();
    const other = await run("gate", "--baselines", ".");
    expect(other).toMatchObject({ status: 1, err: expect.stringContaining("another version of the dataset handbook (a instead of") });
    expect(other.err).not.toContain("Ingesting");
  });
});

describe("eval false-alarms and eval power", () => {
  it("measure the gate on the committed runs of both pipelines", async () => {
    await writeBaselines();
    const alarms = await run("false-alarms", "--baselines", ".", "--trials", "40");
    expect(alarms.out).toMatch(
      /^\d of 40 comparisons of runs that are alike raised an alarm .* meant 5\.0 %; \d+ of 120 questions differ/mu,
    );
    const power = await run("power", "--baselines", ".", "--trials", "3", "--metrics", "recall@5");
    expect(power.status).toBe(0);
    expect(power.out.trim().split("\n")).toHaveLength(4);
    expect(power.out).toMatch(/^recall@5 +−10 {2}\S+ % \[/mu);
    const json = await run("power", "--baselines", ".", "--trials", "2", "--metrics", "recall@5", "--json");
    expect(
      json.out
        .trim()
        .split("\n")
        .map((line): unknown => JSON.parse(line)),
    ).toMatchObject([
      [{ metric: "recall@5", loss: 0.02, kind: "lost" }, { kind: "spread" }],
      [{ loss: 0.05 }, {}],
      [{ loss: 0.1 }, {}],
    ]);
    expect(await run("power", "--baselines", "absent")).toMatchObject({ status: 1 });
  }, 60_000);
});
