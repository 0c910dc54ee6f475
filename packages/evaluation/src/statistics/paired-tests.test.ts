import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { criticalStatistic, pairedStatistic, testPairedFamily } from "./paired-tests.ts";
import { createRandom } from "./random.ts";

const differences = [-0.5, -0.25, 0.125, -1, 0.5, -0.75, -0.125, 0.25, -0.5, -1, 0, -0.25];

/** Every way to deal the signs: exact p of Σx ≤ observed, and of the least statistic over a family. */
function exact(family: readonly (readonly number[])[]): { alone: number[]; single: number[] } {
  const cases = family[0]?.length ?? 0;
  const norms = family.map((row) => Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)));
  const observed = family.map((row, index) => row.reduce((sum, value) => sum + value, 0) / (norms[index] ?? 1));
  const alone = family.map(() => 0);
  const single = family.map(() => 0);
  for (let deal = 0; deal < 2 ** cases; deal++) {
    const drawn = family.map(
      (row, index) => row.reduce((sum, value, at) => sum + ((deal >> at) & 1 ? value : -value), 0) / (norms[index] ?? 1),
    );
    const least = Math.min(...drawn);
    for (const [index, bound] of observed.entries()) {
      if ((drawn[index] ?? 0) <= bound + 1e-9) alone[index] = (alone[index] ?? 0) + 1;
      if (least <= bound + 1e-9) single[index] = (single[index] ?? 0) + 1;
    }
  }
  return { alone: alone.map((hits) => hits / 2 ** cases), single: single.map((hits) => hits / 2 ** cases) };
}

describe("testPairedFamily", () => {
  it("agrees with scipy's exact paired permutation test", () => {
    // scipy 1.17.1: stats.permutation_test((x,), mean, permutation_type="samples", alternative="less", n_resamples=inf)
    const scipy = 0.03564453125;
    expect(exact([differences]).alone[0]).toBeCloseTo(scipy, 12);
    const [test] = testPairedFamily([differences], { resamples: 200_000, seed: 3 });
    expect(test?.p).toBeCloseTo(scipy, 2);
    expect(test?.adjustedP).toBeCloseTo(scipy, 2);
    expect(test).toMatchObject({ count: 12, mean: expect.closeTo(-3.5 / 12, 12) });
  });

  it("adjusts the worst of a family by the least statistic of every deal of signs", () => {
    const family = [
      differences,
      differences.map((value, index) => (index % 2 ? value : -value)),
      differences.map((value) => value / 2 + 0.05),
    ];
    const { single, alone } = exact(family);
    const worst = single.indexOf(Math.min(...single));
    const tests = testPairedFamily(family, { resamples: 100_000 });
    expect(tests[worst]?.adjustedP).toBeCloseTo(single[worst] ?? 0, 2);
    for (const [index, test] of tests.entries()) {
      expect(test.p).toBeCloseTo(alone[index] ?? 0, 2);
      // Step-down is never stricter than single-step.
      expect(test.adjustedP).toBeLessThanOrEqual((single[index] ?? 0) + 0.01);
      expect(test.adjustedP).toBeGreaterThanOrEqual(test.p);
    }
  });

  it("keeps hypotheses with equal differences from costing anything", () => {
    const [alone] = testPairedFamily([differences], { resamples: 5_000 });
    const copies = testPairedFamily([differences, differences, differences.map((value) => value * 2)], { resamples: 5_000 });
    for (const copy of copies) expect(copy.adjustedP).toBe(alone?.adjustedP);
  });

  it("knows the edges: nothing, no difference, no value, one loss", () => {
    expect(testPairedFamily([])).toEqual([]);
    expect(testPairedFamily([[0, 0, null]])).toEqual([{ mean: 0, count: 2, p: 1, adjustedP: 1 }]);
    expect(testPairedFamily([[null, null]])).toEqual([{ mean: Number.NaN, count: 0, p: 1, adjustedP: 1 }]);
    // A single loss may as well have been a gain.
    const [one] = testPairedFamily([[-1, 0, 0]], { resamples: 9_999 });
    expect(one?.p).toBeCloseTo(0.5, 1);
  });

  it("refuses hypotheses over different numbers of cases", () => {
    expect(() => testPairedFamily([[1, 2], [1]])).toThrow(/over the same cases/u);
  });

  it.each([Number.NaN, Number.NEGATIVE_INFINITY])("refuses a difference of %s, which no comparison would find", (value) => {
    expect(() => testPairedFamily([[0.1, value]])).toThrow(/not a number/u);
  });

  it("gives p within (0, 1], adjusted p no smaller, and the same for the same seed", () => {
    const row = fc.array(fc.option(fc.double({ min: -1, max: 1, noNaN: true }), { nil: null }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 5 }), fc.nat(1_000), (family, seed) => {
        const tests = testPairedFamily(family, { resamples: 200, seed });
        expect(testPairedFamily(family, { resamples: 200, seed })).toEqual(tests);
        for (const { p, adjustedP } of tests) {
          expect(p).toBeGreaterThan(0);
          expect(adjustedP).toBeLessThanOrEqual(1);
          expect(adjustedP).toBeGreaterThanOrEqual(p);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("rejects true null hypotheses of a dependent family in about α of the trials", () => {
    const random = createRandom(9);
    let alarms = 0;
    for (let trial = 0; trial < 300; trial++) {
      const first = Array.from({ length: 40 }, () => (random() < 0.4 ? random() * 2 - 1 : 0));
      const family = Array.from({ length: 8 }, () => first.map((value) => value + (random() < 0.2 ? random() * 2 - 1 : 0)));
      const tests = testPairedFamily(family, { resamples: 400, seed: trial });
      if (tests.some(({ adjustedP }) => adjustedP <= 0.05)) alarms += 1;
    }
    expect(alarms / 300).toBeGreaterThan(0.01);
    expect(alarms / 300).toBeLessThan(0.09);
  });
});

describe("criticalStatistic", () => {
  it("is what the statistic must fall to for an adjusted p of α", () => {
    const random = createRandom(4);
    const family = Array.from({ length: 6 }, () => Array.from({ length: 50 }, () => random() * 2 - 1));
    const critical = criticalStatistic(family, { alpha: 0.05, resamples: 5_000 });
    expect(critical).toBeLessThan(-1.6);
    expect(critical).toBeGreaterThan(-4);
    const losses = family.map((row) => row.map((value) => value - 0.4));
    const tests = testPairedFamily(losses, { resamples: 5_000 });
    const least = Math.min(...losses.map(pairedStatistic));
    expect(least < critical).toBe(tests.some(({ adjustedP }) => adjustedP <= 0.05));
  });

  it("cannot be reached where too few cases differ", () => {
    expect(criticalStatistic([[1, -1, 0]], { alpha: 0.05, resamples: 1_000 })).toBe(Number.NEGATIVE_INFINITY);
    expect(criticalStatistic([], { alpha: 0.05, resamples: 1_000 })).toBe(Number.NEGATIVE_INFINITY);
  });
});
