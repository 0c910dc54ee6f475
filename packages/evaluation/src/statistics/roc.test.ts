import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { areaUnderRoc, bootstrapArea, rocCurve, type ScoredOutcome } from "./roc.ts";

const of = (positives: number[], negatives: number[]): ScoredOutcome[] => [
  ...positives.map((score) => ({ score, positive: true })),
  ...negatives.map((score) => ({ score, positive: false })),
];

describe("areaUnderRoc", () => {
  it("counts pairs in the right order, ties half", () => {
    expect(areaUnderRoc(of([3, 2], [1, 0]))).toBe(1);
    expect(areaUnderRoc(of([0], [1]))).toBe(0);
    expect(areaUnderRoc(of([1, 1], [1]))).toBe(0.5);
    expect(areaUnderRoc(of([0.9, 0.4, 0.35], [0.8, 0.35, 0.1]))).toBeCloseTo(6.5 / 9, 12);
    expect(areaUnderRoc(of([1], []))).toBeNaN();
  });

  it("is the area below the curve, whatever the scores", () => {
    const scores = fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(scores, scores, (positives, negatives) => {
        const outcomes = of(positives, negatives);
        const points = rocCurve(outcomes);
        let area = 0;
        for (const [at, point] of points.slice(1).entries()) {
          const before = points[at] ?? point;
          area += ((point.falsePositiveRate - before.falsePositiveRate) * (point.truePositiveRate + before.truePositiveRate)) / 2;
        }
        expect(areaUnderRoc(outcomes)).toBeCloseTo(area, 9);
        expect(points.at(-1)).toMatchObject({ truePositiveRate: 1, falsePositiveRate: 1 });
      }),
    );
  });
});

describe("bootstrapArea", () => {
  it("holds the area, and is the same for the same seed", () => {
    const outcomes = of([5, 4, 3, 6, 2], [1, 3, 2, 4, 0]);
    const { mean, low, high, count } = bootstrapArea(outcomes);
    expect(count).toBe(10);
    expect(low).toBeLessThan(mean);
    expect(high).toBeGreaterThan(mean);
    expect(bootstrapArea(outcomes)).toEqual({ mean, low, high, count });
    expect(bootstrapArea(outcomes, { seed: 2 })).not.toEqual({ mean, low, high, count });
  });
});
