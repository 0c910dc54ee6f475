import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { editDistance, nearSpellings } from "./near-spelling.ts";

describe("editDistance", () => {
  test.each([
    ["canten", "canteen", 1],
    ["lenght", "length", 1],
    ["recepits", "receipts", 1],
    ["parrentel", "parental", 2],
    ["same", "same", 0],
    ["ab", "xy", 2],
  ])("%s and %s are %i apart", (a, b, expected) => expect(editDistance(a, b, 5)).toBe(expected));

  test("is symmetric, never more than its limit and one, and no more than the longer word", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 7 });
    fc.assert(
      fc.property(word, word, fc.integer({ min: 0, max: 4 }), (a, b, limit) => {
        const distance = editDistance(a, b, 10);
        expect(distance).toBe(editDistance(b, a, 10));
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(editDistance(a, b, limit)).toBe(Math.min(distance, limit + 1));
      }),
    );
  });
});

describe("nearSpellings", () => {
  test("corrects what nobody has to what somebody has", () => {
    const vocabulary = new Set(["canteen", "parental", "receipt", "skua", "skua4", "bergen", "probation"]);
    expect(Object.fromEntries(nearSpellings(["canten", "parrental", "probaton", "bergen", "unicorn"], vocabulary))).toEqual({
      canten: "canteen",
      parrental: "parental",
      probaton: "probation",
    });
  });

  test("leaves short words, words with digits and first letters alone", () => {
    expect(nearSpellings(["skva", "skua5", "tanteen", "canteens3"], new Set(["skua", "skua4", "canteen"])).size).toBe(0);
  });
});
