import { describe, expect, it } from "vitest";
import { fitLogistic, logistic } from "./logistic-fit.ts";
import { createRandom } from "../statistics/random.ts";

describe("fitLogistic", () => {
  it("finds the coefficients that made the data", () => {
    const random = createRandom(5);
    const observations = Array.from({ length: 20_000 }, () => {
      const features = [random() * 2 - 1, random() * 2 - 1];
      const chance = logistic(-0.5 + 2 * (features[0] ?? 0) - 1 * (features[1] ?? 0));
      return { features, outcome: random() < chance ? 1 : 0 };
    });
    const { intercept, weights } = fitLogistic(observations, { l2: 0 });
    expect(intercept).toBeCloseTo(-0.5, 1);
    expect(weights[0]).toBeCloseTo(2, 0);
    expect(weights[1]).toBeCloseTo(-1, 0);
  });

  it("gives the log odds where there is nothing to see, and counts a weight as so many rows", () => {
    const rows = [
      { features: [], outcome: 1, weight: 3 },
      { features: [], outcome: 0 },
    ];
    expect(fitLogistic(rows, { l2: 1 }).intercept).toBeCloseTo(Math.log(3), 6);
    const many = [1, 1, 1, 0].map((outcome) => ({ features: [], outcome }));
    expect(fitLogistic(many, { l2: 1 }).intercept).toBeCloseTo(Math.log(3), 6);
  });

  it("stays finite where the classes can be told apart perfectly, drawn to zero by the penalty", () => {
    const rows = [-2, -1, 1, 2].map((value) => ({ features: [value, 0], outcome: value > 0 ? 1 : 0 }));
    const weak = fitLogistic(rows, { l2: 0.01 });
    const strong = fitLogistic(rows, { l2: 1 });
    expect(weak.weights[0]).toBeGreaterThan(strong.weights[0] ?? 0);
    expect(strong.weights[0]).toBeGreaterThan(0);
    expect(weak.weights[1]).toBeCloseTo(0, 9);
    expect(fitLogistic([], { l2: 1 })).toEqual({ intercept: 0, weights: [] });
  });
});
