import { describe, expect, it } from "vitest";
import { extractionTokens, multisetF1, shingleF1, tokenMultisetF1 } from "./extraction-metrics.ts";

describe("extraction metrics", () => {
  it("cuts words, folds case and counts characters of scripts without spaces", () => {
    expect(extractionTokens("The CAT, 3 ﬁsh! 日本")).toEqual(["the", "cat", "3", "fish", "日", "本"]);
  });

  it("scores multisets, repeats counted", () => {
    expect(multisetF1(["a", "a", "b"], ["a", "c"])).toEqual({ precision: 1 / 3, recall: 1 / 2, f1: 0.4 });
    expect(multisetF1([], [])).toEqual({ precision: 1, recall: 1, f1: 1 });
    expect(multisetF1([], ["a"])).toEqual({ precision: 0, recall: 0, f1: 0 });
  });

  it("sees order only in shingles", () => {
    expect(tokenMultisetF1("d c b a", "a b c d").f1).toBe(1);
    expect(shingleF1("d c b a", "a b c d").f1).toBe(0);
    expect(shingleF1("a b c d e", "a b c d").f1).toBeCloseTo(2 / 3);
    expect(shingleF1("a b", "A b").f1).toBe(1);
    expect(shingleF1("", "").f1).toBe(1);
  });
});
