import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { locateQuote, uniqueQuote } from "./locate-quote.ts";

describe("quotes", () => {
  it("are found across line breaks and runs of spaces, and only once", () => {
    expect(locateQuote("Clean it every  90 days. Stop.", "every 90 days.")).toEqual({ start: 9, end: 24 });
    expect(locateQuote("a b a  b", "a b")).toBeNull();
    expect(locateQuote("cost (net) 5 $", "(net) 5 $")).toEqual({ start: 5, end: 14 });
    expect(locateQuote("Clean it", "soap")).toBeNull();
  });

  it("are found where a search by pattern finds them, whatever the white space", () => {
    const words = fc.array(fc.constantFrom("a", "b", "🦉", "(x)", " ", "\n", "\u00a0"), { maxLength: 14 }).map((given) => given.join(""));
    fc.assert(
      fc.property(words, words, (text, quote) => {
        const parts = quote.trim().split(/\s+/u);
        const pattern = parts.map((part) => part.replace(/[()]/gu, "\\$&")).join("\\s+");
        const found = pattern === "" ? [] : [...text.matchAll(new RegExp(`(?=(${pattern}))`, "gu"))];
        const [only] = found;
        const expected = only && found.length === 1 ? { start: only.index, end: only.index + (only[1] ?? "").length } : null;
        expect(locateQuote(text, quote)).toEqual(expected);
      }),
    );
  });

  it("of ten thousand words are looked for in a text that repeats itself", () => {
    const text = `${"a ".repeat(500_000)}b`;
    expect(locateQuote(text, "a ".repeat(9_999))).toBeNull();
    expect(locateQuote(text, `${"a  ".repeat(6_000)}c`)).toBeNull();
    expect(locateQuote(text, `c ${"a ".repeat(9_998)}`)).toBeNull();
    expect(locateQuote(text, `${"a ".repeat(5_000)}c ${"a ".repeat(4_998)}`)).toBeNull();
    expect(locateQuote(text, `${"a\n".repeat(6_000)}b`)).toEqual({ start: 988_000, end: text.length });
  });

  it("are widened word by word until they stand once", () => {
    const text = "In 1066 they came. In 1066 they won.";
    expect(uniqueQuote(text, { start: 22, end: 26 })).toBe("came. In 1066 they won.");
    expect(uniqueQuote(text, { start: 32, end: 35 })).toBe("won");
    expect(uniqueQuote("a a", { start: 0, end: 1 })).toBe("a a");
    expect(uniqueQuote("  ", { start: 0, end: 1 })).toBe("");
  });

  it("widened ones stand once and hold the span, whatever the text", () => {
    const words = fc.array(fc.constantFrom("a", "b", "1066", "the"), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(words, fc.nat(), (given, at) => {
        const text = given.join(" ");
        const index = at % given.length;
        const start = given.slice(0, index).join(" ").length + (index === 0 ? 0 : 1);
        const end = start + (given[index] ?? "").length;
        const found = locateQuote(text, uniqueQuote(text, { start, end }));
        expect(found).not.toBeNull();
        expect(found && found.start <= start && found.end >= end).toBe(true);
      }),
    );
  });
});
