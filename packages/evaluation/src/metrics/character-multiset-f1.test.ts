import fc from "fast-check";
import { expect, test } from "vitest";
import { characterMultisetF1 } from "./extraction-metrics.ts";

test("counts characters whatever their order, white space and ligatures", () => {
  expect(characterMultisetF1("of\uFB01ce  two", "two\noffice").f1).toBe(1);
  // Three of four letters are common to both: 2·3 / (4 + 4).
  expect(characterMultisetF1("abcd", "abcx")).toEqual({ precision: 0.75, recall: 0.75, f1: 0.75 });
  // Repeats count: one "a" of three is found.
  expect(characterMultisetF1("a", "aaa")).toMatchObject({ precision: 1, f1: 0.5 });
  expect(characterMultisetF1("", "abc").f1).toBe(0);
  expect(characterMultisetF1(" ", "\n").f1).toBe(1);
});

test("is symmetric, within 0 and 1, and 1 for a text with itself", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (one, other) => {
      const { f1 } = characterMultisetF1(one, other);
      expect(f1).toBe(characterMultisetF1(other, one).f1);
      expect(f1).toBeGreaterThanOrEqual(0);
      expect(f1).toBeLessThanOrEqual(1);
      expect(characterMultisetF1(one, one).f1).toBe(1);
    }),
  );
});
