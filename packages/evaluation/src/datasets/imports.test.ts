import { describe, expect, it } from "vitest";
import { locateQuote } from "./locate-quote.ts";
import { readRagasRows } from "./ragas.ts";
import { readSquad } from "./squad.ts";

describe("ragas rows", () => {
  it("become cases over documents that are their contexts, each once, with what the pipeline said", () => {
    const rows = [
      {
        user_input: "How often?",
        reference: "Every 90 days.",
        reference_contexts: ["Clean it every 90 days.", "Use citric acid."],
        retrieved_contexts: ["Never use vinegar.", "Clean it every 90 days."],
        response: "Every 90 days.",
      },
      { id: "mine", user_input: "Who?", tags: ["unanswerable"], response: "I do not know." },
      { user_input: "What?", reference: "That.", reference_contexts: null },
    ];
    const { cases, documents, answers } = readRagasRows(rows.map((row) => JSON.stringify(row)).join("\n"));
    expect(documents?.map(({ text }) => text)).toEqual(["Clean it every 90 days.", "Use citric acid.", "Never use vinegar."]);
    const [cleaning, acid, vinegar] = documents?.map(({ id }) => id) ?? [];
    expect(cases).toMatchObject([
      {
        id: "ragas-1",
        answerable: true,
        referenceAnswer: "Every 90 days.",
        spans: [
          { document: cleaning, part: 1 },
          { document: acid, part: 2 },
        ],
      },
      { id: "mine", answerable: false, spans: [] },
      { id: "ragas-3", answerable: true, spans: [] },
    ]);
    for (const { document, quote } of cases.flatMap(({ spans }) => spans)) {
      expect(locateQuote(documents?.find(({ id }) => id === document)?.text ?? "", quote)).not.toBeNull();
    }
    expect(answers.get("ragas-1")).toEqual({ response: "Every 90 days.", retrieved: [vinegar, cleaning] });
    expect(answers.get("mine")).toEqual({ response: "I do not know.", retrieved: [] });
    expect(answers.has("ragas-3")).toBe(false);
  });

  it.each<[object, RegExp]>([
    [{}, /Line 1 of r: user_input must be a text/u],
    [{ user_input: [{ content: "hi" }] }, /user_input must be one question/u],
    [{ user_input: "q", reference: 1 }, /reference must be a text/u],
    [{ user_input: "q", reference: "a", retrieved_contexts: "c" }, /retrieved_contexts must be a list/u],
    [{ user_input: "q", reference_contexts: [""] }, /reference_contexts\[0\] must be a text/u],
    [{ user_input: "q", response: "a" }, /neither reference nor reference_contexts/u],
  ])("that are wrong are refused: %j", (row, message) => {
    expect(() => readRagasRows(JSON.stringify(row), "r")).toThrow(message);
  });
});

describe("SQuAD", () => {
  const file = (...qas: object[]) =>
    JSON.stringify({ data: [{ title: "The_Normans", paragraphs: [{ context: "𝕹 came in 1066. They won in 1066.", qas }] }] });
  const question = {
    id: "q1",
    question: " When did they win? ",
    answers: [
      { text: "1066", answer_start: 28 },
      { text: "in 1066", answer_start: 25 },
    ],
  };

  it("becomes documents and cases, offsets in code points, quotes that stand once", () => {
    const { cases, documents } = readSquad(file(question, { id: "q2", question: "Who?", answers: [], is_impossible: true }));
    expect(documents).toEqual([{ id: "The_Normans_0", title: "The Normans", text: "𝕹 came in 1066. They won in 1066." }]);
    expect(cases).toEqual([
      {
        id: "q1",
        question: "When did they win?",
        answerable: true,
        tags: ["single-fact"],
        split: "test",
        referenceAnswer: "1066",
        spans: [{ document: "The_Normans_0", quote: "won in 1066." }],
      },
      { id: "q2", question: "Who?", answerable: false, tags: ["unanswerable"], split: "test", spans: [] },
    ]);
  });

  it("lies in the split that is named, and numbers the paragraphs of articles with one title on", () => {
    const paragraphs = [{ context: "One.", qas: [{ id: "q", question: "?", answers: [{ text: "One", answer_start: 0 }] }] }];
    const { cases, documents } = readSquad(
      JSON.stringify({
        data: [
          { title: "T", paragraphs },
          { title: "T", paragraphs: [{ context: "Two.", qas: [] }] },
        ],
      }),
      {
        split: "train",
      },
    );
    expect(cases[0]?.split).toBe("train");
    expect(documents.map(({ id }) => id)).toEqual(["T_0", "T_1"]);
  });

  it.each<[string, RegExp]>([
    ["{", /is not JSON/u],
    ["{}", /data must be a list/u],
    ['{"data":[{"paragraphs":[{}]}]}', /data\[0\]\.paragraphs\[0\]\.context must be a text/u],
    [file({ id: "q" }), /qas\[0\] must be an object with the texts/u],
    [file({ id: "q", question: "?", answers: [] }), /answers must be one answer at least/u],
    [file({ id: "q", question: "?", answers: [{ text: "x" }] }), /answers\[0\] must be an object with text/u],
    [file({ id: "q", question: "?", answers: [{ text: "nowhere", answer_start: 3 }] }), /stand in the context at their answer_start/u],
    [file(question, question), /two cases with the id q1/u],
  ])("that is wrong is refused: %s", (json, message) => {
    expect(() => readSquad(json)).toThrow(message);
  });
});
