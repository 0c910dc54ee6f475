import fc from "fast-check";
import { expect, it } from "vitest";
import { fullJitterMs } from "./backoff.ts";

it("draws from the whole window, which doubles up to its maximum", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (attempt, random) => {
      const delay = fullJitterMs(attempt, { baseMs: 100, maxMs: 5000, random: () => random });
      const window = Math.min(5000, 100 * 2 ** (attempt - 1));
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThan(window);
      expect(delay).toBe(Math.floor(random * window));
    }),
  );
});

it("has defaults", () => {
  for (let i = 0; i < 100; i++) expect(fullJitterMs(1)).toBeLessThan(500);
  expect(fullJitterMs(40, { random: () => 0.999 })).toBeLessThan(60_000);
});
