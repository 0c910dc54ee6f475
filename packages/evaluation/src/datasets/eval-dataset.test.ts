import { describe, expect, it } from "vitest";
import type { EvalCase } from "./eval-case.ts";
import { caseHash, datasetHash, readEvalCases, writeEvalCases } from "./eval-dataset.ts";

const plain = { id: "a", question: "How often?", answerable: true, tags: ["single-fact"], spans: [{ document: "m.md", quote: "90 days" }] };
const line = (changes: object) => JSON.stringify({ ...plain, ...changes });

describe("cases as JSON Lines", () => {
  it("come with a split and without an empty history, over blank lines and a byte-order mark", () => {
    const second = { ...plain, id: "b", split: "train", history: [], language: "de", referenceAnswer: "Alle 90 Tage.", answerable: true };
    const cases = readEvalCases(`\uFEFF${JSON.stringify(plain)}\r\n\n${JSON.stringify(second)}`);
    expect(cases).toEqual([
      { ...plain, split: "test" },
      { ...plain, id: "b", split: "train", language: "de", referenceAnswer: "Alle 90 Tage." },
    ]);
    expect(readEvalCases(writeEvalCases(cases))).toEqual(cases);
  });

  it.each<[string, RegExp]>([
    ["no json", /Line 1 of f is not a JSON object/u],
    ["[1]", /Line 1 of f is not a JSON object/u],
    [line({ id: " " }), /Line 1 of f: id must be a text/u],
    [line({ question: "a\0b" }), /question must be a text/u],
    [line({ id: "a\u001b[2J" }), /id must be a text of 1 to 200 characters without control characters/u],
    [line({ tags: ["a\nb"] }), /tags\[0\] must be a text of 1 to 60 characters without control characters/u],
    [line({ spans: [{ document: "m\u009b.md", quote: "q" }] }), /spans\[0\]\.document must be a text of 1 to 512 characters without/u],
    [line({ question: "x".repeat(4001) }), /question must be a text of 1 to 4000/u],
    [line({ answerable: "yes" }), /answerable must be true or false/u],
    [line({ tags: "a" }), /tags must be a list/u],
    [line({ tags: Array.from({ length: 21 }, String) }), /tags must be a list of at most 20/u],
    [line({ history: Array.from({ length: 21 }, String) }), /history must be a list of at most 20/u],
    [line({ spans: Array.from({ length: 51 }, () => plain.spans[0]) }), /spans must be a list of at most 50/u],
    [line({ tags: [1] }), /tags\[0\] must be a text/u],
    [line({ split: "dev" }), /split must be "train" or "test"/u],
    [line({ spans: ["x"] }), /spans\[0\] must be an object/u],
    [line({ spans: [{ document: "m.md" }] }), /spans\[0\]\.quote must be a text/u],
    [line({ spans: [{ document: "m.md", quote: "q", part: 0 }] }), /spans\[0\]\.part must be a whole number/u],
    [line({ spans: [{ document: "m.md", quote: "q", page: 1 }] }), /spans\[0\]\.page must be left out/u],
    [line({ referenceanswer: "x" }), /referenceanswer must be left out/u],
    [line({ language: "English" }), /language must be a (?:text|subtag)/u],
    [line({ history: ["", "x"] }), /history\[0\] must be a text/u],
    [line({ answerable: false }), /spans must be empty/u],
    [line({ spans: [] }), /spans must be one place at least, or a referenceAnswer/u],
    [`${line({})}\n${line({})}`, /two cases with the id a/u],
  ])("refuses %s", (text, message) => {
    expect(() => readEvalCases(text, "f")).toThrow(message);
  });

  it("never shows a value in an error", () => {
    expect(() => readEvalCases(line({ split: "secret words" }))).toThrow(/^(?!.*secret)/u);
  });

  it("takes an answerable case without places when it has a reference answer", () => {
    expect(readEvalCases(line({ spans: [], referenceAnswer: "Every 90 days." }))).toHaveLength(1);
  });

  it("have hashes that follow the content and nothing else", () => {
    const [one] = readEvalCases(line({}));
    const reordered: EvalCase = {
      spans: plain.spans,
      split: "test",
      tags: plain.tags,
      answerable: true,
      question: plain.question,
      id: "a",
    };
    expect(one && caseHash(one)).toBe(caseHash(reordered));
    expect(caseHash({ ...reordered, question: "Other?" })).not.toBe(caseHash(reordered));
    const other = { ...reordered, id: "b" };
    expect(datasetHash([reordered, other])).toBe(datasetHash([other, reordered]));
    expect(datasetHash([reordered])).not.toBe(datasetHash([other]));
  });
});
