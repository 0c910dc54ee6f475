import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CandidateList, fitListwise } from "./listwise-fit.ts";
import { createRandom } from "../statistics/random.ts";

/** Lists in which the candidate with the greatest first feature is right; the second is noise. */
function lists(count: number): CandidateList[] {
  const random = createRandom(3);
  return Array.from({ length: count }, () => {
    const features = Array.from({ length: 6 }, () => [random() * 2 - 1, random() * 2 - 1]);
    const best = Math.max(...features.map(([first = 0]) => first));
    return { features, relevant: features.map(([first]) => first === best) };
  });
}

const loss = (all: readonly CandidateList[], weights: readonly number[], l2: number) => {
  let sum = 0;
  for (const { features, relevant } of all) {
    const exponentials = features.map((row) => Math.exp(row.reduce((dot, value, at) => dot + value * (weights[at] ?? 0), 0)));
    const total = exponentials.reduce((a, b) => a + b, 0);
    sum -= Math.log(exponentials.filter((_, at) => relevant[at]).reduce((a, b) => a + b, 0) / total);
  }
  return sum / all.length + (l2 / 2) * weights.reduce((dot, weight) => dot + weight * weight, 0);
};

describe("listwise fit", () => {
  it("finds what tells right candidates from wrong ones, and not what does not", () => {
    const [signal = 0, noise = 0] = fitListwise(lists(200), { l2: 0.01 });
    expect(signal).toBeGreaterThan(2);
    expect(Math.abs(noise)).toBeLessThan(0.3);
  });

  it("stands at the least of its loss: no small step lowers it", () => {
    const all = lists(60);
    const weights = fitListwise(all, { l2: 0.05, iterations: 3_000 });
    const least = loss(all, weights, 0.05);
    fc.assert(
      fc.property(fc.tuple(fc.double({ min: -0.1, max: 0.1, noNaN: true }), fc.double({ min: -0.1, max: 0.1, noNaN: true })), ([a, b]) => {
        expect(loss(all, [(weights[0] ?? 0) + a, (weights[1] ?? 0) + b], 0.05)).toBeGreaterThanOrEqual(least - 1e-9);
      }),
    );
  });

  it("is drawn to its start by the penalty, and stays there without anything to learn from", () => {
    const weak = fitListwise(lists(50), { l2: 0.01 });
    const strong = fitListwise(lists(50), { l2: 10 });
    expect(Math.abs(strong[0] ?? 1)).toBeLessThan(Math.abs(weak[0] ?? 0) / 5);
    const nothing = [
      { features: [[1, 2]], relevant: [true] },
      {
        features: [
          [1, 2],
          [3, 4],
        ],
        relevant: [false, false],
      },
    ];
    expect(fitListwise(nothing, { l2: 1 })).toEqual([]);
    expect(fitListwise([{ features: [[1], [1]], relevant: [true, false] }], { l2: 1, start: [0.7] })).toEqual([0.7]);
  });

  it("asks only one of several right candidates to be first", () => {
    const either: CandidateList = {
      features: [
        [1, 0],
        [0, 1],
        [-1, -1],
      ],
      relevant: [true, true, false],
    };
    const [a = 0, b = 0] = fitListwise([either], { l2: 0.1 });
    expect(a).toBeCloseTo(b, 9);
    expect(a).toBeGreaterThan(0);
  });

  it("counts a list of weight n as n of them", () => {
    const [first, ...others] = lists(20);
    if (!first) throw new Error("lists were made");
    const repeated = fitListwise([first, first, first, ...others], { l2: 0.01 });
    const weighted = fitListwise([{ ...first, weight: 3 }, ...others], { l2: 0.01 });
    for (const [at, weight] of weighted.entries()) expect(weight).toBeCloseTo(repeated[at] ?? 0, 9);
    expect(weighted[0]).not.toBeCloseTo(fitListwise([first, ...others], { l2: 0.01 })[0] ?? 0, 4);
  });
});
