import { describe, expect, it } from "vitest";
import { wilson } from "./wilson.ts";

describe("wilson", () => {
  it("agrees with scipy's binomtest(…).proportion_ci(method='wilson')", () => {
    for (const [hits, trials, low, high] of [
      [5, 100, 0.021543679154367973, 0.11175046923191914],
      [0, 40, 0, 0.08762160119728662],
      [47, 1000, 0.035527105106384495, 0.061939938081528444],
      [10, 10, 0.7224672001371109, 1],
    ] as const) {
      const found = wilson(hits, trials);
      expect(found.low).toBeCloseTo(low, 9);
      expect(found.high).toBeCloseTo(high, 9);
    }
    expect(wilson(0, 0)).toMatchObject({ low: 0, high: 1 });
  });
});
