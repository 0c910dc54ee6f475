import { describe, expect, it } from "vitest";
import { compareRuns, hypothesesOf } from "./compare.ts";
import { gateCase, gateRun, manyCases, settings } from "./testing/gate-fixtures.ts";

const find = (found: ReturnType<typeof compareRuns>, metric: string, slice = "all") =>
  found.find((one) => one.metric === metric && one.slice === slice);

describe("compareRuns", () => {
  const before = gateRun(manyCases(60));

  it("finds nothing between equal runs", () => {
    const found = compareRuns([{ candidate: before, baseline: before }], settings);
    expect(found).toHaveLength(9);
    for (const one of found)
      expect(one).toMatchObject({ changed: 0, p: 1, adjustedP: 1, regressed: false, difference: { mean: 0, low: 0, high: 0 } });
  });

  it("finds a metric that fell, in the slice where it fell, and nothing else", () => {
    const after = gateRun(
      manyCases(60, (index) => (index % 2 === 0 && index < 30 ? { metrics: { "recall@5": 0, faithfulness: 1, abstention: 1 } } : {})),
    );
    const found = compareRuns([{ candidate: after, baseline: before }], settings);
    expect(find(found, "recall@5")).toMatchObject({ count: 60, changed: 15, before: 1, after: 0.75, regressed: true });
    expect(find(found, "recall@5")?.difference.high).toBeLessThan(0);
    expect(find(found, "recall@5", "even")).toMatchObject({ count: 30, after: 0.5, regressed: true });
    expect(find(found, "recall@5", "odd")).toMatchObject({ changed: 0, regressed: false });
    expect(find(found, "faithfulness")?.regressed).toBe(false);
  });

  it("does not alarm at an improvement or at three lost questions", () => {
    const fewer = gateRun(manyCases(60, (index) => (index < 3 ? { metrics: { "recall@5": 0, faithfulness: 1, abstention: 1 } } : {})));
    expect(compareRuns([{ candidate: fewer, baseline: before }], settings).some(({ regressed }) => regressed)).toBe(false);
    const worse = gateRun(manyCases(60, (index) => (index < 30 ? { metrics: { "recall@5": 0, faithfulness: 1, abstention: 1 } } : {})));
    expect(compareRuns([{ candidate: before, baseline: worse }], settings).some(({ regressed }) => regressed)).toBe(false);
  });

  it("shows a slice that is too small and does not test it", () => {
    const tagged = (value: number) =>
      gateRun(
        manyCases(60, (index) => (index < 5 ? { tags: ["rare"], metrics: { "recall@5": value, faithfulness: 1, abstention: 1 } } : {})),
      );
    const found = compareRuns([{ candidate: tagged(0), baseline: tagged(1) }], settings);
    expect(find(found, "recall@5", "rare")).toMatchObject({ count: 5, after: 0, tested: false, adjustedP: 1, regressed: false });
  });

  it("leaves a case out of a metric that one side does not have", () => {
    const none = gateRun([gateCase(0, { metrics: { "recall@5": null, faithfulness: 1, abstention: 0 } }), gateCase(1)]);
    const found = compareRuns([{ candidate: none, baseline: gateRun(manyCases(2)) }], settings);
    expect(find(found, "recall@5")?.count).toBe(1);
    expect(find(found, "abstention")?.count).toBe(2);
  });

  it("counts a question that two pipelines answered as one case of the family", () => {
    const other = gateRun(manyCases(60), { pipeline: "hybrid-rrf-rerank" });
    const pairs = [before, other].map((run) => ({ candidate: run, baseline: run }));
    const family = hypothesesOf(pairs, settings.metrics);
    expect(family).toHaveLength(18);
    expect(new Set(family.map(({ differences }) => differences.length))).toEqual(new Set([60]));
  });

  it("computes intervals only of alarms when it is asked to", () => {
    const after = gateRun(
      manyCases(60, (index) => ({ metrics: { "recall@5": index < 20 ? 0 : 1, faithfulness: index === 0 ? 0.5 : 1, abstention: 1 } })),
    );
    const found = compareRuns([{ candidate: after, baseline: before }], settings, { intervals: false });
    expect(find(found, "recall@5")?.regressed).toBe(true);
    const small = find(found, "faithfulness")?.difference;
    expect(small?.low).toBe(small?.mean);
  });
});
