import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AutoTokenizer, env } from "@xenova/transformers";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { bundledModelDir } from "./bundled-model.ts";
import { createWordPiece } from "./word-piece.ts";

const tokenizerPath = join(bundledModelDir, "tokenizer.json");
const wordPiece = createWordPiece({ tokenizerPath });

describe("word-piece", () => {
  let library: (text: string) => number[];
  beforeAll(async () => {
    env.allowRemoteModels = false;
    env.localModelPath = join(bundledModelDir, "..");
    const tokenizer = await AutoTokenizer.from_pretrained("all-MiniLM-L6-v2", { local_files_only: true });
    library = (text) => tokenizer.encode(text, { add_special_tokens: false });
  });

  it.each([
    "The quick brown fox jumps over the lazy dog.",
    "Café naïve ÅNGSTRÖM straße İstanbul ΑΣ ΟΔΟΣ.Α",
    "今天天气很好 and 東京タワー 한국어 텍스트",
    "tokenization unbelievabilities antidisestablishmentarianism",
    "a\u200bb\u00adc\ufeffd\u0000e\u0085f\u000bg\u000ch\tj\r\nk\u2028l\u3000m",
    "👩‍👩‍👧 emoji ok 🇩🇪 x",
    "don't; e-mail@x.org (v2.1) $5 ~100% «q» …",
    `${"x".repeat(99)} ${"x".repeat(100)} ${"x".repeat(101)} ${"y".repeat(5000)}`,
    "𠀀𠀁 \u{1F600}\u{1F600} ﷺ ﬁ \u037e \u1fef",
    "## ##ing #",
    "",
    " \n ",
  ])("gives the library's ids for %j", (text) => {
    expect(wordPiece.encode(text)).toEqual(library(text));
  });

  it("gives the library's ids and count for any text without special tokens", () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.string({ unit: "grapheme", maxLength: 12 }),
      fc.lorem({ maxCount: 4 }),
      fc.constantFrom(" ", "\n", "Σ", "ß", "İ", "\u0301", "\u200d", "中", "\ufeff", "-", ".", "ing", "##"),
      fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)), maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join("");
        fc.pre(!/\[(?:PAD|UNK|CLS|SEP|MASK)\]/u.test(text));
        const expected = library(text);
        expect(wordPiece.encode(text)).toEqual(expected);
        expect(wordPiece.count(text)).toBe(expected.length);
      }),
      { numRuns: 1500 },
    );
  });

  it("takes special tokens in a text for text", () => {
    expect(wordPiece.encode("a [SEP] b")).not.toContain(wordPiece.id("[SEP]"));
    expect(wordPiece.count("[CLS]")).toBe(wordPiece.count("[ cls ]"));
  });

  it("is additive over pieces cut at white space", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (left, right) => {
        expect(wordPiece.count(`${left} ${right}`)).toBe(wordPiece.count(left) + wordPiece.count(right));
      }),
    );
  });

  it("stops at the limit", () => {
    const text = "unbelievabilities ".repeat(10);
    const all = wordPiece.encode(text);
    for (const limit of [0, 1, 7, all.length, all.length + 1]) expect(wordPiece.encode(text, limit)).toEqual(all.slice(0, limit));
  });

  it("gives the same ids when its cache overflows", () => {
    const small = createWordPiece({ tokenizerPath, cacheSize: 4 });
    const text = "one two three four five six one two seven eight nine ten one".repeat(3);
    expect(small.encode(text)).toEqual(wordPiece.encode(text));
  });

  it("refuses a missing, a broken and a foreign tokenizer, and an unknown special token", () => {
    const folder = mkdtempSync(join(tmpdir(), "footnote-"));
    const path = join(folder, "tokenizer.json");
    const refused = expect.objectContaining({ code: "configuration_invalid" });
    try {
      expect(() => createWordPiece({ tokenizerPath: path })).toThrow(refused);
      for (const content of ["{", "{}", '{"model":{"type":"BPE"}}']) {
        writeFileSync(path, content);
        expect(() => createWordPiece({ tokenizerPath: path })).toThrow(refused);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(() => wordPiece.id("[NONE]")).toThrow(refused);
  });
});
