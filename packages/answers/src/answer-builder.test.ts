import { newId } from "@footnote/core";
import { expect, test } from "vitest";
import { createAnswerBuilder } from "./answer-builder.ts";

function quoteOf(text: string) {
  const hit = {
    chunk: {
      id: newId("chunk"),
      documentId: newId("document"),
      versionId: newId("version"),
      ordinal: 0,
      start: 0,
      end: text.length,
      text,
      headingPath: [],
      tokenCount: 1,
      title: null,
      mediaType: "text/plain",
    },
    score: 1,
    ranks: {},
    scores: {},
  };
  const builder = createAnswerBuilder({ sources: [{ marker: 1, hit }], terms: () => [] });
  builder.addQuote({ text, marker: 1, sourceSpan: { start: 0, end: text.length } });
  return { text: builder.text, quotes: builder.citations.map(({ quote }) => quote), dropped: builder.dropped };
}

test("numbers in brackets that a document holds do not pass for footnotes of the answer", () => {
  const source = "The budget is 300 euros per day [7]. [2] [99, 1] It is paid in March.";
  const made = quoteOf(source);
  expect(made.text).toBe("The budget is 300 euros per day. It is paid in March. [1]");
  expect(made.dropped.markers).toBe(3);
  // What is quoted stays what the document says.
  expect(made.quotes).toEqual([source]);
});

test("brackets of code and links, and a quote of nothing else, stay", () => {
  expect(quoteOf("Read items[1] or [3](https://example.com) first.").text).toBe("Read items[1] or [3](https://example.com) first. [1]");
  expect(quoteOf("[12]").text).toBe("[12] [1]");
});
