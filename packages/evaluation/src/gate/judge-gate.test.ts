import { describe, expect, it } from "vitest";
import type { EvalRun } from "../runs/eval-run.ts";
import { toGateRun } from "./gate-run.ts";
import { judgeGate } from "./judge-gate.ts";
import { baselineOf, gateCase, gateRun, manyCases, settings, twoRuns } from "./testing/gate-fixtures.ts";

const baseline = baselineOf(gateRun(manyCases(60)));
const judge = (candidate: Parameters<typeof gateRun>[0], change: Parameters<typeof gateRun>[1] = {}) =>
  judgeGate({ pairs: [{ candidate: gateRun(candidate, change), baseline }], settings });

describe("judgeGate", () => {
  it("passes a run that is its baseline", () => {
    const report = judge(manyCases(60));
    expect(report).toMatchObject({ verdict: "passed", problems: [], worst: [], family: 9 });
    expect(report.runs).toEqual([expect.objectContaining({ pipeline: "default", changed: false, questions: 60 })]);
  });

  it("fails at a regression, names it, and shows the questions that lost most with both answers", () => {
    const report = judge(
      manyCases(60, (index) =>
        index < 12 ? { metrics: { "recall@5": index === 7 ? 0 : 0.25, faithfulness: 1, abstention: 1 }, text: "Something else." } : {},
      ),
      { pipelineHash: "0".repeat(64) },
    );
    expect(report.verdict).toBe("failed");
    expect(report.problems[0]).toMatch(
      /^default on handbook: recall@5 over all 60 questions fell from 1\.000 to 0\.846 \(−0\.154, 95 % \[−0\.\d+, −0\.\d+\], adjusted p /u,
    );
    expect(report.worst).toHaveLength(10);
    expect(report.worst[0]).toMatchObject({
      after: { id: "q-007", text: "Something else." },
      before: { text: "Answer 7." },
      fell: [{ metric: "recall@5", before: 1, after: 0 }],
    });
    expect(report.runs[0]?.changed).toBe(true);
  });

  it("fails below a floor though nothing changed, and at a floor whose metric is missing", () => {
    const low = gateRun(manyCases(60, () => ({ metrics: { "recall@5": 1, faithfulness: 0.84, abstention: 1 } })));
    expect(judgeGate({ pairs: [{ candidate: low, baseline: low }], settings }).problems).toEqual([
      "default on handbook: faithfulness is 0.840 and must be at least 0.85",
    ]);
    const without = gateRun(manyCases(60, () => ({ metrics: { "recall@5": 1, abstention: 1 } })));
    expect(judgeGate({ pairs: [{ candidate: without, baseline: without }], settings }).problems).toEqual([
      "default on handbook: faithfulness was not measured and must be at least 0.85",
    ]);
  });

  it("fails at a compared metric that no case has any more, with or without a floor", () => {
    const report = judge(manyCases(60, () => ({ metrics: { "recall@5": 1, faithfulness: 1, abstention: null } })));
    expect(report.problems).toEqual(["default on handbook: abstention has no value any more, its baseline has"]);
    expect(report.verdict).toBe("failed");
  });

  it("holds a floor of a configured judge only where it was measured, and strictly", () => {
    const measured = (value: number) =>
      gateRun(manyCases(60, () => ({ metrics: { "recall@5": 1, faithfulness: 1, abstention: 1, "ragas-faithfulness": value } })));
    const outcome = (value: number) => judgeGate({ pairs: [{ candidate: measured(value), baseline: measured(value) }], settings });
    expect(outcome(0.85).problems).toEqual(["default on handbook: ragas-faithfulness is 0.850 and must be above 0.85"]);
    expect(outcome(0.86).verdict).toBe("passed");
    expect(judge(manyCases(60)).floors.find(({ metric }) => metric === "ragas-faithfulness")).toMatchObject({ met: true, skipped: true });
  });

  it("holds a floor of a slice to its cases, and names it", () => {
    const run = gateRun(
      manyCases(60, (index) => ({
        tags: index < 15 ? ["unanswerable"] : ["table"],
        metrics: { "recall@5": 1, faithfulness: 1, abstention: index < 15 ? 0 : 1 },
      })),
    );
    const floors = [{ dataset: "handbook", metric: "abstention", slice: "unanswerable", atLeast: 0.8 }];
    const report = judgeGate({ pairs: [{ candidate: run, baseline: run }], settings: { ...settings, floors } });
    expect(report.problems).toEqual(["default on handbook: abstention (unanswerable) is 0.000 and must be at least 0.8"]);
    expect(report.floors[0]).toMatchObject({ slice: "unanswerable", count: 15 });
  });

  it("holds a floor of some pipelines to those", () => {
    const other = gateRun(
      manyCases(60, () => ({ metrics: { "recall@5": 0.2, faithfulness: 1, abstention: 1 } })),
      { pipeline: "other" },
    );
    expect(judgeGate({ pairs: [{ candidate: other, baseline: other }], settings }).verdict).toBe("passed");
  });

  it("holds runs without a baseline to the floors", () => {
    const generated = gateRun(
      manyCases(60, () => ({ metrics: { faithfulness: 0.5 } })),
      { pipeline: "generated" },
    );
    const report = judgeGate({ pairs: [{ candidate: gateRun(manyCases(60)), baseline }], unpaired: [generated], settings });
    expect(report.problems).toEqual(["generated on handbook: faithfulness is 0.500 and must be at least 0.85"]);
    expect(report.runs.map(({ pipeline, baselineAt }) => [pipeline, baselineAt])).toEqual([
      ["default", "2026-11-21T10:00:00.000Z"],
      ["generated", null],
    ]);
  });

  it("compares money, and time by what each machine needs for the same work", () => {
    const machine = { calibrationMs: 2, cpuMs: 100, loadPerCore: 0.5 };
    const ratio = (cases: Partial<ReturnType<typeof gateCase>>, state: Partial<typeof machine> = {}) =>
      judge(
        manyCases(60, () => cases),
        { machine: { ...machine, ...state } },
      ).ratios;
    expect(ratio({})).toMatchObject([
      { what: "usd", ratio: null, state: "ok" },
      { what: "milliseconds", ratio: 1, state: "ok" },
      { what: "cpu", ratio: 1, state: "ok" },
    ]);
    expect(ratio({ milliseconds: 40 }, { calibrationMs: 4, cpuMs: 200 })).toMatchObject([{}, { ratio: 1 }, { ratio: 1 }]);
    expect(ratio({ milliseconds: 40 })[1]).toMatchObject({ ratio: 2, state: "warning" });
    expect(ratio({ milliseconds: 120 })[1]).toMatchObject({ ratio: 6, state: "failed" });
    // Threads that wait for others are slow, and nobody's fault.
    expect(ratio({ milliseconds: 120 }, { loadPerCore: 3 })[1]).toMatchObject({ ratio: 6, state: "busy" });
    expect(ratio({}, { cpuMs: 160 })[2]).toMatchObject({ ratio: 1.6, state: "warning" });
    expect(ratio({}, { cpuMs: 400, loadPerCore: 3 })[2]).toMatchObject({ ratio: 4, state: "failed" });
    expect(ratio({ usd: 0.01 })[0]).toMatchObject({ ratio: Number.POSITIVE_INFINITY, state: "failed" });
    expect(judge(manyCases(60, () => ({ usd: 0.01 }))).problems).toEqual(["default on handbook: cost, mean, is ∞ × the baseline's"]);
    const unmeasured = judge(
      manyCases(60, () => ({ milliseconds: 120 })),
      { machine: null },
    );
    expect(unmeasured.ratios.slice(1)).toMatchObject([{ state: "not-compared" }, { state: "not-compared" }]);
  });

  it("refuses baselines of something else and no pair at all", () => {
    expect(() => judge(manyCases(60), { judges: ["other@1"] })).toThrow(/other judges/u);
    expect(() => judgeGate({ pairs: [], settings })).toThrow(/no run to judge/u);
  });

  it("says how large a loss must be to be found, larger for fewer questions, none for three", () => {
    const report = (count: number) => {
      const [one, other] = twoRuns(count, 5);
      return judgeGate({ pairs: [one, other].map((run) => ({ candidate: run, baseline: run })), settings }).detectable.find(
        ({ metric }) => metric === "recall@5",
      );
    };
    const [small, large] = [report(50), report(200)];
    expect(small?.loss).toBeGreaterThan(large?.loss ?? 1);
    expect(large?.loss).toBeGreaterThan(0.01);
    expect(large?.loss).toBeLessThan(0.15);
    expect(report(3)?.loss).toBeNull();
  });
});

describe("toGateRun", () => {
  it("keeps what a comparison needs and drops the rest", () => {
    const context = { document: "a.md", start: 3, end: 9, text: "Answer" };
    const run: EvalRun = {
      id: "run_1",
      dataset: { name: "set", sha256: "hash", split: "test" },
      pipeline: "default",
      pipelineHash: "spec",
      judges: ["stated@1"],
      commit: null,
      createdAt: "2026-11-21T10:00:00.000Z",
      results: [
        {
          case: { id: "q", question: "Why?", answerable: true, tags: ["table"], split: "test", spans: [] },
          answer: {
            text: "Answer [1]",
            finishReason: "stop",
            sentences: [{ text: "Answer", stated: "supported", citations: [{ ...context, verified: true }] }],
            contexts: [context],
            ranking: [context, context],
            milliseconds: 12.3456,
            usd: 0.002,
            degraded: [],
          },
          metrics: { "recall@5": 1 / 3, faithfulness: null },
        },
      ],
    };
    const machine = { calibrationMs: 4, cpuMs: 90, loadPerCore: 0.2 };
    expect(toGateRun(run, machine)).toEqual({
      dataset: { name: "set", sha256: "hash", split: "test" },
      pipeline: "default",
      pipelineHash: "spec",
      corpus: null,
      judges: ["stated@1"],
      commit: null,
      createdAt: "2026-11-21T10:00:00.000Z",
      machine,
      cases: [
        {
          id: "q",
          question: "Why?",
          answerable: true,
          tags: ["table"],
          metrics: { "recall@5": 0.333333, faithfulness: null },
          text: "Answer [1]",
          finishReason: "stop",
          citations: [context],
          contexts: [{ document: "a.md", start: 3, end: 9 }],
          milliseconds: 12.3,
          usd: 0.002,
        },
      ],
    });
    expect(toGateRun(run).machine).toBeNull();
  });
});
