import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalText, foldText, splitsSurrogatePair } from "./unicode.ts";

describe("canonical text", () => {
  it("is well-formed, without NUL, with line feeds only, and stays as it is the second time", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const canonical = canonicalText(text);
        expect(canonical.isWellFormed()).toBe(true);
        expect(canonical).not.toMatch(/[\u0000\r]/u);
        expect(canonicalText(canonical)).toBe(canonical);
      }),
    );
  });

  it("replaces lone surrogates and keeps pairs", () => {
    expect(canonicalText("a\ud83db \u{1F600}")).toBe("a\ufffdb \u{1F600}");
    expect(canonicalText("\uFEFFa\r\nb\rc\u0000d\te")).toBe("a\nb\ncd\te");
  });

  it("is not shortened more than by what it drops", () => {
    expect(canonicalText("e\u0301 \u202eabc\u202c \u200bd")).toBe("e\u0301 \u202eabc\u202c \u200bd");
  });
});

describe("cuts", () => {
  it("are seen to split a pair", () => {
    expect([0, 1, 2, 3, 4].map((at) => splitsSurrogatePair("a\u{1F600}b", at))).toEqual([false, false, true, false, false]);
  });
});

describe("folding", () => {
  it("makes equal what a reader takes for equal", () => {
    expect(foldText(" The ﬁrst\n LINE ")).toBe(foldText("the first line"));
    expect(foldText("14,5")).not.toBe(foldText("145"));
  });
});
