import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maximalMarginalRelevance } from "./mmr.ts";

const candidate = (score: number, ...vector: number[]) => ({ score, vector: Float32Array.from(vector) });

describe("maximalMarginalRelevance", () => {
  it("prefers the less relevant that says something else to a repetition", () => {
    const candidates = [candidate(1, 1, 0), candidate(0.9, 1, 0), candidate(0.5, 0, 1), candidate(0, 0.6, 0.8)];
    expect(maximalMarginalRelevance(candidates, { lambda: 0.5, count: 4 })).toEqual([0, 2, 1, 3]);
    expect(maximalMarginalRelevance(candidates, { lambda: 1, count: 4 })).toEqual([0, 1, 2, 3]);
  });

  it("takes a candidate without a vector as unlike all others, and relevance of 1 where all are equal", () => {
    const candidates = [candidate(2, 1, 0), candidate(2, 1, 0), { score: 2, vector: undefined }];
    expect(maximalMarginalRelevance(candidates, { lambda: 0.5, count: 3 })).toEqual([0, 2, 1]);
    expect(maximalMarginalRelevance([], { lambda: 0.5, count: 3 })).toEqual([]);
    expect(maximalMarginalRelevance([candidate(1, 0, 0), candidate(0, 0, 0)], { lambda: 0, count: 2 })).toEqual([0, 1]);
  });

  it("prefers what points the other way to what is merely unlike", () => {
    const candidates = [candidate(1, 1, 0), candidate(0.5, 0, 1), candidate(0.5, -1, 0)];
    expect(maximalMarginalRelevance(candidates, { lambda: 0.5, count: 3 })).toEqual([0, 2, 1]);
  });

  it("gives each index once, the most relevant first, and relevance order for λ = 1", () => {
    const item = fc.record({
      score: fc.integer({ min: 0, max: 20 }),
      vector: fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 4, maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(item, { maxLength: 20 }), fc.constantFrom(0.1, 0.5, 0.9, 1), fc.nat(25), (items, lambda, count) => {
        const candidates = items.map(({ score, vector }) => candidate(score, ...vector));
        const picked = maximalMarginalRelevance(candidates, { lambda, count });
        expect(new Set(picked).size).toBe(Math.min(count, items.length));
        const scores = picked.map((at) => items[at]?.score ?? -1);
        expect(scores.slice(0, 1)).toEqual(items.length === 0 ? [] : [Math.max(...items.map(({ score }) => score))].slice(0, count));
        expect(lambda < 1 || scores.every((score, at) => at === 0 || score <= (scores[at - 1] ?? 0))).toBe(true);
      }),
    );
  });
});
