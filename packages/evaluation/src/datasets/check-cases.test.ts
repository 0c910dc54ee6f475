import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EvalCase } from "./eval-case.ts";
import { checkCases } from "./check-cases.ts";
import { askedQuestion, asksTheSame, similarity, trigrams } from "./similar-questions.ts";

const documents = new Map([
  ["rules.md", "Lunch is at noon.\n\nThe gate closes at nine. The gate opens at six."],
  ["prices.csv", "Tea | 2\nCoffee | 3"],
]);
const sound: EvalCase = {
  id: "a",
  question: "When is lunch?",
  answerable: true,
  tags: ["single-fact"],
  split: "test",
  referenceAnswer: "At noon.",
  spans: [{ document: "rules.md", quote: "Lunch is at noon." }],
};
const unanswerable: EvalCase = { id: "u", question: "Who cooks?", answerable: false, tags: ["unanswerable"], split: "test", spans: [] };
const problemsOf = (...cases: EvalCase[]) => checkCases({ cases, documents }).problems;

describe("checkCases", () => {
  it("finds nothing wrong with a sound set, and counts its tags", () => {
    const other: EvalCase = { ...sound, id: "b", question: "What does tea cost?", split: "train", tags: ["table", "single-fact"] };
    const report = checkCases({
      cases: [sound, unanswerable, { ...other, spans: [{ document: "prices.csv", quote: "Tea | 2" }] }],
      documents,
    });
    expect(report).toEqual({
      problems: [],
      tags: [
        { tag: "single-fact", train: 1, test: 1 },
        { tag: "table", train: 1, test: 0 },
        { tag: "unanswerable", train: 0, test: 1 },
      ],
      documents: 2,
    });
  });

  it.each<[string, Partial<EvalCase>]>([
    ["names the document gone.md, which is not there", { spans: [{ document: "gone.md", quote: "Lunch" }] }],
    ["does not stand exactly once", { spans: [{ document: "rules.md", quote: "The gate" }] }],
    ["does not stand exactly once", { spans: [{ document: "rules.md", quote: "Lunch is at one." }] }],
    ["differs from rules.md in white space", { spans: [{ document: "rules.md", quote: "noon. The gate closes" }] }],
    ["an answerable case has spans", { spans: [] }],
    ["an answerable case has spans", { answerable: false, tags: ["unanswerable"] }],
    ["at least one tag", { tags: [] }],
    ["the tag unanswerable says the same", { tags: ["unanswerable"] }],
    ["tagged follow-up", { history: ["What is served?"] }],
    ["tagged follow-up", { tags: ["follow-up"] }],
    ["parts are counted from 1", { spans: [{ document: "rules.md", quote: "Lunch is at noon.", part: 2 }] }],
  ])("says that something %s", (problem, change) => {
    expect(problemsOf({ ...sound, ...change }).join("\n")).toContain(problem);
  });

  it("wants a reference answer where there is an answer, and every id once", () => {
    const { referenceAnswer: _, ...bare } = sound;
    expect(problemsOf(bare)).toEqual(["a: an answerable case has a referenceAnswer."]);
    expect(problemsOf(sound, sound, sound)).toEqual(["a: more than one case has this id."]);
  });

  it("lets train and test share no place and no question", () => {
    const train: EvalCase = { ...sound, id: "t", split: "train", question: "At what time do we eat?" };
    const inside: EvalCase = { ...train, spans: [{ document: "rules.md", quote: "noon." }] };
    expect(problemsOf(sound, inside)).toEqual(["t: a train case shares a place with a of test."]);
    const twin: EvalCase = { ...train, question: "when ist lunch", spans: [{ document: "rules.md", quote: "The gate opens at six." }] };
    expect(problemsOf(sound, twin)).toEqual(["t: a train case asks nearly what a of test asks."]);
    expect(checkCases({ cases: [sound, twin], documents, nearDuplicate: 0.99 }).problems).toEqual([]);
  });

  it("wants every frequent tag in both splits", () => {
    const cases = Array.from({ length: 10 }, (_, at) => ({ ...unanswerable, id: `u${at}`, question: `${at}`.repeat(9) }));
    const train: EvalCase = { ...unanswerable, id: "t", split: "train", question: "Is it?", tags: ["unanswerable", "odd"] };
    expect(problemsOf(...cases, train)).toEqual(["The tag unanswerable has 1 of 11 cases in train; move some to the other split."]);
    expect(problemsOf(...cases)).toEqual([]);
  });

  it("shows no question and no quote in what it reports", () => {
    const text = problemsOf({ ...sound, id: "x", spans: [{ document: "rules.md", quote: "Secret words." }] }).join();
    expect(text).not.toMatch(/Secret|lunch/u);
  });
});

describe("similarity", () => {
  it("is 1 for what differs in case and punctuation only, and less for anything else", () => {
    expect(similarity(trigrams("Who, cooks?"), trigrams("who COOKS"))).toBe(1);
    expect(similarity(trigrams(""), trigrams("?!"))).toBe(1);
    expect(similarity(trigrams("Who cooks?"), trigrams("Who pays?"))).toBeLessThan(0.5);
  });
  it("keeps questions apart that ask for other numbers", () => {
    const [a, b, c] = ["status 401", "status 409", "status 401?"].map((what) =>
      askedQuestion({ question: `What does ${what} of the API mean` }),
    );
    if (!a || !b || !c) throw new Error("three questions were asked");
    expect(similarity(a.grams, b.grams)).toBeGreaterThan(0.8);
    expect(asksTheSame(a, b, 0.7)).toBe(false);
    expect(asksTheSame(a, c, 0.7)).toBe(true);
    expect(asksTheSame(a, { ...a, grams: trigrams("Who?") }, 0.7)).toBe(false);
  });
  it("is symmetric and within 0…1", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (a, b) => {
        const value = similarity(trigrams(a), trigrams(b));
        expect(value).toBe(similarity(trigrams(b), trigrams(a)));
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1);
      }),
    );
  });
});
