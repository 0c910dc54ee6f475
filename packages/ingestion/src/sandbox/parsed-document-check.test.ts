import { expect, test } from "vitest";
import { checkParsedDocument } from "./parsed-document-check.ts";

const good = {
  title: null,
  mediaType: "text/plain",
  language: "en",
  text: "One 😀 two",
  blocks: [{ kind: "paragraph", start: 0, end: 10, headingPath: [] }],
  pages: [{ number: 1, start: 0, end: 10 }],
  warnings: [],
};

test("lets a document through", () => {
  expect(checkParsedDocument(good)).toBe(good);
});

test.each([
  ["nothing", null],
  ["a text with NUL", { ...good, text: "One \u0000 two!!" }],
  ["a lone surrogate", { ...good, text: "One \uD83D two!!" }],
  ["a title that is no text", { ...good, title: 3 }],
  ["warnings that are no text", { ...good, warnings: [1] }],
  ["blocks that are no list", { ...good, blocks: {} }],
  ["an unknown kind", { ...good, blocks: [{ ...good.blocks[0], kind: "poem" }] }],
  ["a span beyond the text", { ...good, blocks: [{ ...good.blocks[0], end: 11 }] }],
  ["a span backwards", { ...good, blocks: [{ ...good.blocks[0], start: 3, end: 2 }] }],
  ["a span within a surrogate pair", { ...good, blocks: [{ ...good.blocks[0], end: 5 }] }],
  [
    "blocks that overlap",
    {
      ...good,
      blocks: [
        { ...good.blocks[0], end: 4 },
        { ...good.blocks[0], start: 3 },
      ],
    },
  ],
  ["a heading path that is none", { ...good, blocks: [{ ...good.blocks[0], headingPath: [1] }] }],
  ["a page without a number", { ...good, pages: [{ start: 0, end: 1 }] }],
])("refuses %s", (_name, value) => {
  expect(() => checkParsedDocument(value)).toThrow(expect.objectContaining({ code: "parse_crashed" }));
});
