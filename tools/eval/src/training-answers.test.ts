import { createLocalEmbedder } from "@footnote/embedding";
import type { EvalCase } from "@footnote/evaluation";
import { checkCases } from "@footnote/evaluation/datasets";
import { createAnalyzers } from "@footnote/retrieval";
import { describe, expect, it } from "vitest";
import { readHandbookCases } from "./handbook-store.ts";
import { parseFolder } from "./parse-folder.ts";
import { readTrainingWorlds, readWrittenQuestions, trainingCases } from "./training-answers.ts";

describe("trainingCases", () => {
  it("never gives a test question, nor one whose answer is in several parts or in other words", async () => {
    const cases = await readHandbookCases();
    const chosen = trainingCases(cases, "en");
    expect(chosen.length).toBeGreaterThan(20);
    const test = new Set(cases.filter(({ split }) => split === "test").map(({ id }) => id));
    expect(chosen.filter(({ id }) => test.has(id))).toEqual([]);
    const one: EvalCase = { id: "a", question: "Who?", answerable: true, tags: [], split: "train", spans: [{ document: "d", quote: "q" }] };
    const german: EvalCase = { ...one, language: "de" };
    expect(trainingCases([one, { ...one, split: "test" }, { ...one, history: ["Which?"] }, german], "en")).toEqual([one]);
    expect(trainingCases([one, german], "de")).toEqual([german]);
    expect(trainingCases([{ ...one, spans: [{ document: "d", quote: "q", part: 2 }] }], "en")).toEqual([]);
    expect(trainingCases([{ ...one, tags: ["paraphrase"] }], "en")).toEqual([]);
  });
});

describe("the worlds of evals/answers", () => {
  it("have documents that hold each quote exactly once, and questions for fitting alone", async () => {
    const worlds = await readTrainingWorlds();
    expect(worlds.length).toBeGreaterThan(10);
    const problems = await Promise.all(
      worlds.map(async ({ name, documents, cases }) => {
        const parsed = await parseFolder(documents);
        const texts = new Map([...parsed].map(([id, { text }]) => [id, text]));
        const { problems } = checkCases({ cases, documents: texts, strata: { from: Infinity, least: 0, most: 1 } });
        // Fitting reads places, not reference answers.
        return problems
          .filter((problem) => !problem.endsWith("an answerable case has a referenceAnswer."))
          .map((problem) => `${name}: ${problem}`);
      }),
    );
    expect(problems.flat()).toEqual([]);
    const cases = worlds.flatMap((world) => world.cases);
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
    expect(cases.filter(({ split }) => split !== "train")).toEqual([]);
  });

  it("share no question with the golden set's test questions", async () => {
    const asked = new Set((await readTrainingWorlds()).flatMap(({ cases }) => cases.map(({ question }) => question.toLowerCase())));
    const test = (await readHandbookCases()).filter(({ split }) => split === "test");
    expect(test.filter(({ question }) => asked.has(question.toLowerCase())).map(({ id }) => id)).toEqual([]);
  });
});

describe("readWrittenQuestions", () => {
  it("asks a world through a store of its own, the answering sentences marked", async () => {
    const [world] = (await readTrainingWorlds()).filter(({ name }) => name === "bike-rental");
    if (!world) throw new Error("bike-rental is not there");
    const few = [
      ...world.cases.filter(({ answerable }) => answerable).slice(0, 3),
      ...world.cases.filter((one) => !one.answerable).slice(0, 2),
    ];
    const embedder = createLocalEmbedder({ threads: 1 });
    const asking = { embedder, analyzerFor: createAnalyzers(), variables: {}, log: () => {} };
    try {
      const read = await readWrittenQuestions([{ ...world, cases: few }], asking);
      expect(read.map(({ answerable, sentences }) => [answerable, sentences.some(({ bears }) => bears)])).toEqual([
        [true, true],
        [true, true],
        [true, true],
        [false, false],
        [false, false],
      ]);
      await expect(readWrittenQuestions([{ ...world, cases: [] }], asking)).rejects.toMatchObject({ code: "invalid_request" });
    } finally {
      await embedder.close();
    }
  }, 120_000);
});
