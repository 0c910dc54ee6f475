import { describe, expect, it } from "vitest";
import { candidateList, fitFusion, ndcgOf, ndcgOfQuery } from "./fit-fusion.ts";
import type { CollectedQuery } from "./fusion-features.ts";

const query = (id: string, right: number): CollectedQuery => ({
  id,
  rows: ["a", "b", "c"],
  features: { useful: [0, 1, 2].map((at) => (at === right ? 5 : at)), fused: [3, 2, 1], partly: [null, 1, null] },
  relevance: { [["a", "b", "c"][right] ?? ""]: 1 },
});
const queries = [query("1", 2), query("2", 1), query("3", 2)];

describe("fitting learned fusion", () => {
  it("standardises the features of a query and marks what is relevant", () => {
    const { features, relevant } = candidateList(queries[0] ?? query("1", 2), ["fused", "partly", "absent"]);
    expect(features.map((row) => row.map((value) => Number(value.toFixed(3))))).toEqual([
      [1.225, 0, 0],
      [0, 0, 0],
      [-1.225, 0, 0],
    ]);
    expect(relevant).toEqual([false, false, true]);
  });

  it("finds weights that order better than the fused score, whichever source is larger", () => {
    const sources = [
      { name: "large", queries },
      { name: "small", queries: queries.slice(0, 1) },
    ];
    const weights = fitFusion(sources, ["useful", "fused"], 0.05);
    expect(ndcgOf(queries, weights)).toBe(1);
    expect(ndcgOf(queries, { fused: 1 })).toBeLessThan(0.7);
    expect(fitFusion(sources, ["useful", "fused"], 0.05)).toEqual(weights);
  });

  it("places a row by its best candidate", () => {
    const twice: CollectedQuery = { id: "4", rows: ["a", "b", "a"], features: { fused: [1, 2, 3] }, relevance: { b: 1 } };
    expect(ndcgOfQuery(twice, { fused: 1 })).toBeCloseTo(1 / Math.log2(3), 12);
  });
});
