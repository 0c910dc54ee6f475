import { describe, expect, it } from "vitest";
import { learnedLinear, standardizedColumn } from "./learned-linear.ts";

const logistic = (value: number) => 1 / (1 + Math.exp(-value));

describe("learned linear fusion", () => {
  it("adds standardised features by weight and keeps the sum in 0…1", () => {
    const scores = learnedLinear({ a: [1, 3], b: [10, 0], unused: [5, 6] }, { a: 2, b: 0.5 });
    expect(scores).toEqual([logistic(-2 + 0.5), logistic(2 - 0.5)]);
  });

  it("does not change with a feature's unit and offset, and ignores a feature that is equal for all", () => {
    const scores = learnedLinear({ a: [1, 2, 4], b: [0, 0, 0] }, { a: 1, b: 3 });
    const moved = learnedLinear({ a: [110, 120, 140], b: [7, 7, 7] }, { a: 1, b: 3 });
    for (const [at, score] of moved.entries()) expect(score).toBeCloseTo(scores[at] ?? Number.NaN, 12);
    expect(learnedLinear({ b: [2, 2] }, { b: 1 })).toEqual([0.5, 0.5]);
  });

  it("counts a missing value as the mean, and a feature that nobody has as nothing", () => {
    expect(standardizedColumn([null, 1, 3])).toEqual([0, -1, 1]);
    expect(learnedLinear({ a: [1, 3], b: [null, null] }, { a: 1, b: 5, c: 2 })).toEqual([logistic(-1), logistic(1)]);
    expect(learnedLinear({ a: [] }, { a: 1 })).toEqual([]);
  });
});
