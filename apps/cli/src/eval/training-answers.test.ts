import { checkCases, type EvalCase } from "@footnote/evaluation";
import { describe, expect, it } from "vitest";
import { readHandbookCases } from "./handbook-store.ts";
import { parseFolder } from "./parse-folder.ts";
import { readTrainingWorlds, trainingCases } from "./training-answers.ts";

describe("trainingCases", () => {
  it("never gives a test question, nor one whose answer is in several parts or in other words", async () => {
    const cases = await readHandbookCases();
    const chosen = trainingCases(cases);
    expect(chosen.length).toBeGreaterThan(20);
    const test = new Set(cases.filter(({ split }) => split === "test").map(({ id }) => id));
    expect(chosen.filter(({ id }) => test.has(id))).toEqual([]);
    const one: EvalCase = { id: "a", question: "Who?", answerable: true, tags: [], split: "train", spans: [{ document: "d", quote: "q" }] };
    expect(trainingCases([one, { ...one, split: "test" }, { ...one, history: ["Which?"] }, { ...one, language: "de" }])).toEqual([one]);
    expect(trainingCases([{ ...one, spans: [{ document: "d", quote: "q", part: 2 }] }])).toEqual([]);
    expect(trainingCases([{ ...one, tags: ["paraphrase"] }])).toEqual([]);
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
