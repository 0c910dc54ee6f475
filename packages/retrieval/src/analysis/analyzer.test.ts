import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAnalyzer } from "./analyzer.ts";
import { maxTermId, termId } from "./term-id.ts";

const words = (text: string, language = "en") =>
  createAnalyzer({ language })
    .terms(text)
    .map(({ term }) => term);

describe("createAnalyzer", () => {
  it("lower-cases, drops stop words and stems", () => {
    expect(words("How often should the machines be descaled?")).toEqual(["often", "machin", "descal"]);
  });

  it("keeps numbers whole, also with a comma or full stop inside", () => {
    expect(words("weighs 14,5 kg, code 4711. Version 3.5.")).toEqual(["weigh", "14,5", "kg", "code", "4711", "version", "3.5"]);
    expect(words("10.0.0.1")).toEqual(["10.0.0.1", "10", "0", "0", "1"]);
  });

  it("gives an identifier's whole and its parts", () => {
    expect(words("getUserName")).toEqual(["getusernam", "get", "user", "name"]);
    expect(words("get_user_name(__init__)")).toEqual(["get_user_nam", "get", "user", "name", "init"]);
    expect(words("HTTPServer RNAs NASA")).toEqual(["httpserver", "http", "server", "rnas", "nasa"]);
  });

  it("splits at apostrophes and hyphens and drops what they leave over", () => {
    expect(words("the machine's well-known don’t")).toEqual(["machin", "well", "known"]);
    expect(words("l'homme qu'elle", "fr")).toEqual(["homm"]);
  });

  it("makes equal what is compatible, composed otherwise or joined by invisible characters", () => {
    expect(words("ﬁnance FINANCE fi\u00adnance ｆｉｎａｎｃｅ")).toEqual(["financ", "financ", "financ", "financ"]);
    expect(words("café cafe\u0301 cafe")).toEqual(["cafe", "cafe", "cafe"]);
  });

  it("stems by language and takes regional subtags", () => {
    expect(words("Die Geräte wiegen", "de")).toEqual(["gerat", "wieg"]);
    expect(words("Bøkene", "nb-NO")).toEqual(words("bøkene", "no"));
  });

  it("cuts Japanese and Chinese by dictionary, so that a word is found inside a sentence", () => {
    expect(words("高さは38センチです。", "ja")).toContain("38");
    expect(words("高さは38センチです。", "ja")).toContain("センチ");
    expect(words("我住在北京大学附近", "zh").some((term) => term.startsWith("北京"))).toBe(true);
  });

  it("pairs neighbouring characters that the dictionary leaves single", () => {
    expect(words("魑龘", "zh")).toEqual(["魑龘"]);
    expect(words("龘", "zh")).toEqual(["龘"]);
  });

  it("leaves nothing of stop words, punctuation, emoji and blanks", () => {
    for (const text of ["", "  \n", "to be or not to be", "?! — …", "❤️👩‍👩‍👧", "___"]) {
      expect(createAnalyzer({ language: "en" }).analyze(text)).toEqual({ termIds: [], frequencies: [], length: 0 });
    }
  });

  it("takes a language without a stemmer as it is", () => {
    expect(words("the machines", "und")).toEqual(["the", "machines"]);
  });

  it("refuses a language that is no subtag and a version that it does not serve", () => {
    expect(() => createAnalyzer({ language: "English please" })).toThrow(/BCP 47/u);
    expect(() => createAnalyzer({ language: "en", version: 99 })).toThrow(/version 99/u);
  });

  it("is linear: a line of a million characters, one word of a million characters, and a million separators", () => {
    const analyzer = createAnalyzer({ language: "en" });
    const line = Array.from({ length: 150_000 }, (_, i) => `word${i}`).join(" ");
    expect(analyzer.analyze(line).length).toBe(150_000);
    const endless = analyzer.analyze("a".repeat(1_000_000));
    expect(endless.termIds.length).toBeLessThan(3);
    expect(endless.length).toBe(Math.ceil(1_000_000 / 127));
    expect(analyzer.analyze("1,".repeat(500_000)).termIds.length).toBeGreaterThan(0);
    expect(analyzer.analyze("漢".repeat(200_000)).length).toBeGreaterThan(0);
    expect(analyzer.analyze("_".repeat(1_000_000)).length).toBe(0);
  });

  it("gives ascending distinct ids whose frequencies add up to the length, and spans that hold the words", () => {
    const analyzer = createAnalyzer({ language: "en" });
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        const { termIds, frequencies, length } = analyzer.analyze(text);
        expect(termIds).toEqual([...new Set(termIds)].sort((a, b) => a - b));
        expect(termIds.every((id) => id >= 1 && id <= maxTermId)).toBe(true);
        expect(frequencies.reduce((sum, count) => sum + count, 0)).toBe(length);
        const terms = analyzer.terms(text);
        expect(terms.length).toBe(length);
        for (const { start, end } of terms) {
          expect(start).toBeLessThan(end);
          expect(end).toBeLessThanOrEqual(text.length);
          expect(text.slice(start, end).isWellFormed()).toBe(true);
        }
      }),
    );
  });

  it("gives a concatenation the terms of its parts", () => {
    const analyzer = createAnalyzer({ language: "en" });
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (left, right) => {
        expect(words(`${left}\n${right}`)).toEqual([...words(left), ...words(right)]);
        expect(analyzer.analyze(left)).toEqual(createAnalyzer({ language: "en" }).analyze(left));
      }),
    );
  });
});

describe("termId", () => {
  it("stays what it was: stored indexes depend on it", () => {
    expect(["machin", "descal", "4711", "gerat", ""].map(termId)).toMatchInlineSnapshot(`
      [
        554617037,
        93836786,
        845583079,
        174624561,
        954623017,
      ]
    `);
  });

  it("spreads a vocabulary of 200,000 terms with about the collisions that chance gives", () => {
    const ids = new Set(Array.from({ length: 200_000 }, (_, i) => termId(`term${i}`)));
    expect(200_000 - ids.size).toBeLessThan(50);
  });
});
