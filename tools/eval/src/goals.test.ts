import type { RetrievalReport } from "@footnote/evaluation/reports";
import { expect, it } from "vitest";
import { atLeast, atMost, formatGoal } from "./goals.ts";
import { retrievalGoals } from "./retrieval-goals.ts";
import { handbookGoals } from "./run-handbook.ts";

it("meets a goal at its very value", () => {
  expect([atLeast("a", 0.9, 0.9), atLeast("a", 0.9, 0.8999), atMost("b", 0, 0), atMost("b", 0, 1)].map(({ met }) => met)).toEqual([
    true,
    false,
    true,
    false,
  ]);
  expect(atLeast("a", 0.9, Number.NaN).met).toBe(false);
});

it("says what was reached, of what, and whether that is enough", () => {
  expect(formatGoal(atLeast("nDCG@10", 0.73, 0.72))).toBe("nDCG@10: 0.7200, goal ≥ 0.73: NOT MET");
  expect(formatGoal(atMost("false citations", 0, 0))).toBe("false citations: 0, goal ≤ 0: met");
});

const interval = (mean: number) => ({ mean, low: mean, high: mean, count: 1 });
function report(dataset: string, split = "test", pipeline = "default"): RetrievalReport {
  const metrics = { "ndcg@10": interval(0.74), "recall@10": interval(1), "recall@50": interval(1), mrr: interval(1) };
  return { dataset, split, documents: 1, chunks: 1, queries: 1, pipelines: [{ pipeline, metrics, perQuery: [], degradedQueries: 0 }] };
}

it("holds only the default pipeline on all test queries of a known set against its goal", () => {
  expect(retrievalGoals(report("scifact"), true)).toMatchObject([{ goal: 0.75, value: 0.74, met: false }]);
  expect(retrievalGoals(report("code-chunks"), true)).toMatchObject([{ goal: 0.73, met: true }]);
  expect(retrievalGoals(report("scifact"), false)).toEqual([]);
  expect(retrievalGoals(report("scifact", "train"), true)).toEqual([]);
  expect(retrievalGoals(report("scifact", "test", "hybrid-rrf-rerank"), true)).toEqual([]);
  expect(retrievalGoals(report("mine"), true)).toEqual([]);
});

it("asks 29 of 32 and 7 of 8 of the handbook, and that no citation is false", () => {
  const counts = (right: number, abstained: number, wrong: number) => ({
    answerable: { total: 32, right, rightFirst: 0 },
    unanswerable: { total: 8, abstained },
    citations: { total: 40, false: wrong },
  });
  expect(handbookGoals(counts(29, 7, 0)).map(({ met }) => met)).toEqual([true, true, true]);
  expect(handbookGoals(counts(28, 6, 1)).map(({ met }) => met)).toEqual([false, false, false]);
});
