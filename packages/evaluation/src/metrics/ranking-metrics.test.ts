import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ndcgAt, recallAt, reciprocalRank } from "./ranking-metrics.ts";

// The expected figures of this block are trec_eval's (pytrec_eval-terrier 0.5.10) on the same qrels and runs.
const graded = new Map([
  ["a", 3],
  ["b", 1],
  ["c", 0],
  ["d", 2],
  ["e", 1],
]);
const run = ["b", "z", "a", "c", "e"];

describe("ranking metrics", () => {
  it("give trec_eval's nDCG with graded judgements and an unjudged document", () => {
    expect(ndcgAt(10, run, graded)).toBeCloseTo(0.5559620137398665, 12);
    expect(ndcgAt(2, run, graded)).toBeCloseTo(0.23463936301137822, 12);
    const two = new Map([
      ["m", 2],
      ["n", 1],
    ]);
    expect(ndcgAt(10, ["n", "m", "o"], two)).toBeCloseTo(0.8597186998521972, 12);
  });

  it("give trec_eval's recall and reciprocal rank", () => {
    expect(recallAt(2, run, graded)).toBe(0.25);
    expect(recallAt(10, run, graded)).toBe(0.75);
    expect(reciprocalRank(run, graded)).toBe(1);
    expect(reciprocalRank(["z", "c", "e"], graded)).toBe(1 / 3);
    expect(reciprocalRank(["z"], graded)).toBe(0);
  });

  it("have no value where nothing is relevant", () => {
    const nothing = new Map([["a", 0]]);
    expect([ndcgAt(10, ["a"], nothing), recallAt(10, ["a"], nothing), reciprocalRank(["a"], nothing)]).toEqual([null, null, null]);
    expect(ndcgAt(10, ["a"], new Map())).toBeNull();
  });

  it("reach 1 for the ideal order, and no order beats it", () => {
    const grades = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 12 });
    const judged = grades
      .filter((values) => values.some((grade) => grade > 0))
      .map((values) => values.map((grade, index): [string, number] => [`d${index}`, grade]));
    const order = judged.chain((pairs) => fc.tuple(fc.constant(pairs), fc.shuffledSubarray(pairs, { minLength: pairs.length })));
    fc.assert(
      fc.property(order, fc.integer({ min: 1, max: 12 }), ([pairs, shuffledPairs], k) => {
        const relevance = new Map(pairs);
        const ideal = pairs.toSorted((a, b) => b[1] - a[1]).map(([id]) => id);
        const shuffled = shuffledPairs.map(([id]) => id);
        expect(ndcgAt(k, ideal, relevance)).toBeCloseTo(1, 12);
        expect(ndcgAt(k, shuffled, relevance)).toBeLessThanOrEqual(1 + 1e-12);
        expect(recallAt(12, shuffled, relevance)).toBe(1);
      }),
    );
  });
});
