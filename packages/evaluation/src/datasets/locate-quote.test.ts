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
