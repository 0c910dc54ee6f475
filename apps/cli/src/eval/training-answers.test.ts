import { readFile } from "node:fs/promises";
import { createLocalEmbedder } from "@footnote/embedding";
import type { EvalCase } from "@footnote/evaluation";
import { createAnalyzer } from "@footnote/retrieval";
import { describe, expect, it } from "vitest";
import { readHandbookCases } from "./handbook-store.ts";
import { inCheckout } from "./shared-folder.ts";
import { readWrittenQuestions, trainingCases } from "./training-answers.ts";

describe("trainingCases", () => {
  it("never gives a test question, nor one whose answer is in several parts", async () => {
    const cases = await readHandbookCases();
    const chosen = trainingCases(cases);
    expect(chosen.length).toBeGreaterThan(20);
    const test = new Set(cases.filter(({ split }) => split === "test").map(({ id }) => id));
    expect(chosen.filter(({ id }) => test.has(id))).toEqual([]);
    const one: EvalCase = { id: "a", question: "Who?", answerable: true, tags: [], split: "train", spans: [{ document: "d", quote: "q" }] };
    expect(trainingCases([one, { ...one, split: "test" }, { ...one, history: ["Which?"] }, { ...one, language: "de" }])).toEqual([one]);
    expect(trainingCases([{ ...one, spans: [{ document: "d", quote: "q", part: 2 }] }])).toEqual([]);
  });
});

describe("readWrittenQuestions", () => {
  it("reads our questions through the scorer, the answering sentences marked", async () => {
    const embedder = createLocalEmbedder({ threads: 1 });
    try {
      const read = await readWrittenQuestions({ embedder, analyzer: createAnalyzer({ language: "en" }) });
      const answerable = read.filter((one) => one.answerable);
      expect([read.length, answerable.length]).toEqual([100, 60]);
      // Nearly every answer is among the five nearest texts, and no unanswerable question has one.
      expect(answerable.filter(({ sentences }) => sentences.some(({ bears }) => bears)).length).toBeGreaterThan(57);
      expect(read.filter((one) => !one.answerable && one.sentences.some(({ bears }) => bears))).toEqual([]);
    } finally {
      await embedder.close();
    }
  }, 120_000);

  it("shares no question with the golden set's test questions", async () => {
    const written = await readFile(inCheckout("evals/answers/training.json"), "utf8");
    const test = (await readHandbookCases()).filter(({ split }) => split === "test");
    expect(test.filter(({ question }) => written.includes(JSON.stringify(question))).map(({ id }) => id)).toEqual([]);
  });
});
