import { newId } from "@footnote/core";
import { createMemoryIndex, hitOf } from "@footnote/core/testing";
import { describe, expect, it } from "vitest";
import { createAnalyzer } from "./analysis/analyzer.ts";
import { correctSpelling, oneLetterOff } from "./correct-spelling.ts";

const analyzer = createAnalyzer({ language: "en" });
const english = new Set("when where does lunch canteen times gather serve letter better which probation".split(" "));

function indexOf(texts: { text: string; access?: string[] }[]) {
  const index = createMemoryIndex();
  const tenantId = newId("tenant");
  const collectionId = newId("collection");
  for (const { text, access } of texts) {
    const chunk = { ...hitOf(text).chunk, headingPath: ["Opening hours"] };
    index.add({
      tenantId,
      collectionId,
      chunk,
      analyzed: analyzer.analyze(`Opening hours\n${text}`),
      vector: new Float32Array(2),
      ...(access ? { access } : {}),
    });
  }
  return {
    index,
    correct: (query: string, principals?: string[]) =>
      correctSpelling({
        query,
        scope: { tenantId, collectionId, ...(principals ? { principals } : {}) },
        analyzer,
        lexical: index.lexical,
        chunks: index.chunks,
        isWord: (word) => english.has(word),
        signal: new AbortController().signal,
      }),
  };
}

describe("correctSpelling", () => {
  const { correct, index } = indexOf([
    { text: "The canteen in Brackwater serves lunch between 11:30 and 13:45." },
    { text: "Delivery times are shown on the board." },
    { text: "The wombat project starts in May.", access: ["board"] },
  ]);

  it.each([
    ["When does the canten serve lunch?", "When does the canteen serve lunch?", ["canten", "canteen"]],
    ["delivery tiems", "delivery times", ["tiems", "times"]],
    ["lunch in brackwatr", "lunch in brackwater", ["brackwatr", "brackwater"]],
    ["openig hours", "opening hours", ["openig", "opening"]],
  ])("%s", async (query, corrected, [from, to]) => {
    expect(await correct(query)).toEqual({ query: corrected, corrections: [{ from, to }] });
  });

  it.each([
    "where do we gather", // a word, though no chunk holds it
    "lunch at Brackwater", // no word, but a chunk holds it
    "lunch at Trondheim", // no word, and nothing like it is held
    "dimes lanche", // too far: the first letter, and two letters
    "SKU canten4", // digits
    "tiems".slice(0, 4), // too short
  ])("leaves %s as it is", async (query) => {
    expect(await correct(query)).toEqual({ query, corrections: [] });
  });

  it("corrects towards nothing that may not be seen", async () => {
    expect((await correct("wombet project")).corrections).toEqual([]);
    expect((await correct("wombet project", ["board"])).corrections).toEqual([{ from: "wombet", to: "wombat" }]);
  });

  it("asks the index nothing where every word is one", async () => {
    const asked = { ...index.lexical, search: () => Promise.reject(new Error("asked")) };
    const request = { query: "where does lunch gather", analyzer, chunks: index.chunks, signal: new AbortController().signal };
    const scope = { tenantId: newId("tenant"), collectionId: newId("collection") };
    expect(await correctSpelling({ ...request, scope, lexical: asked, isWord: (word) => english.has(word) })).toMatchObject({
      corrections: [],
    });
  });
});

describe("oneLetterOff", () => {
  it("gives every edit once, never of the first letter", () => {
    const found = oneLetterOff("abcd");
    // 2 swaps, 3 deletions, 4 · 26 insertions and 3 · 25 replacements, less those that are equal.
    expect(new Set(found).size).toBe(found.length);
    expect(found.length).toBe(2 + 3 + (4 * 26 - 3) + 3 * 25);
    expect(found.every((word) => word.startsWith("a") && word !== "abcd")).toBe(true);
    expect(found).toEqual(expect.arrayContaining(["acbd", "abc", "abxcd", "abcx", "axcd"]));
  });
});
