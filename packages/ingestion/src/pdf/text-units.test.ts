import { expect, test } from "vitest";
import { joinLines } from "./text-units.ts";

const words = new Set(["calibrate", "well-known"]);

test.each([
  [["cali-", "brate it"], "calibrate it"],
  [["never seen be-", "fore"], "never seen before"],
  [["a well-", "known place"], "a well-known place"],
  [["the state-of-the-", "art station"], "the state-of-the-art station"],
  [["Baden-", "Württemberg"], "Baden-Württemberg"],
  [["soft\u00AD", "ware with so\u00ADft hyphens"], "software with soft hyphens"],
  [["pages 10-", "20"], "pages 10- 20"],
  [["これは文", "です。"], "これは文です。"],
  [["one", "two"], "one two"],
])("joins %j", (lines, text) => {
  expect(joinLines(lines, words)).toBe(text);
});
