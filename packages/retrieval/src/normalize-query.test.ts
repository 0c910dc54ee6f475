import { expect, it } from "vitest";
import { maxQueryLength, normalizeQuery } from "./normalize-query.ts";

it("brings a query to one line of well-formed text, cut at a character", () => {
  expect(normalizeQuery("  How\r\n often\u0000?\t ")).toBe("How often?");
  expect(normalizeQuery(" \n\t\u00a0 ")).toBe("");
  const long = normalizeQuery(`${"a".repeat(maxQueryLength - 1)}😀 and more`);
  expect(long.isWellFormed()).toBe(true);
  expect(long.length).toBeLessThanOrEqual(maxQueryLength);
});
