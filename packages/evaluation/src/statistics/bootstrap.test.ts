import { describe, expect, it } from "vitest";
import { bootstrapDifference, bootstrapMean, quantile } from "./bootstrap.ts";
import { createRandom } from "./random.ts";

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

describe("bootstrapMean", () => {
  it("gives the same interval for the same values and seed, and another for another seed", () => {
    const values = [0, 0.2, 1, 0.4, 0.9, 0.3];
    expect(bootstrapMean(values, { seed: 7 })).toEqual(bootstrapMean(values, { seed: 7 }));
    expect(bootstrapMean(values, { seed: 7 })).not.toEqual(bootstrapMean(values, { seed: 8 }));
  });

  it("comes close to the normal interval of a large sample", () => {
    const random = createRandom(42);
    const values = Array.from({ length: 2_000 }, () => 5 + normal(random));
    const { mean, low, high } = bootstrapMean(values);
    const half = 1.96 / Math.sqrt(2_000);
    expect(low).toBeCloseTo(mean - half, 2);
    expect(high).toBeCloseTo(mean + half, 2);
  });

  it("covers the true mean in about 95 of 100 samples", () => {
    const random = createRandom(11);
    let covered = 0;
    for (let trial = 0; trial < 300; trial++) {
      const values = Array.from({ length: 60 }, () => normal(random));
      const { low, high } = bootstrapMean(values, { resamples: 400, seed: trial });
      if (low <= 0 && high >= 0) covered += 1;
    }
    expect(covered / 300).toBeGreaterThan(0.9);
    expect(covered / 300).toBeLessThan(0.985);
  });

  it("knows the edges: no value, one value, equal values", () => {
    expect(bootstrapMean([])).toEqual({ mean: Number.NaN, low: Number.NaN, high: Number.NaN, count: 0 });
    expect(bootstrapMean([0.5])).toEqual({ mean: 0.5, low: 0.5, high: 0.5, count: 1 });
    expect(bootstrapMean([1, 1, 1])).toEqual({ mean: 1, low: 1, high: 1, count: 3 });
  });
});

describe("bootstrapDifference", () => {
  it("is an A/A zero for equal runs and excludes zero for one that is better on every query", () => {
    const before = [0.1, 0.9, 0.4, 0.3, 0.7];
    expect(bootstrapDifference(before, before)).toMatchObject({ mean: 0, low: 0, high: 0 });
    const after = before.map((value) => value + 0.05);
    expect(bootstrapDifference(before, after).low).toBeGreaterThan(0);
  });

  it("refuses runs over different numbers of queries", () => {
    expect(() => bootstrapDifference([1], [1, 2])).toThrow(/equal queries, got 1 and 2/u);
  });
});

describe("quantile", () => {
  it("interpolates as type 7 does", () => {
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(quantile([1, 2, 3, 4], 0.25)).toBe(1.75);
    expect(quantile([1, 2, 3, 4], 0)).toBe(1);
    expect(quantile([1, 2, 3, 4], 1)).toBe(4);
    expect(quantile([], 0.5)).toBeNaN();
  });
});
