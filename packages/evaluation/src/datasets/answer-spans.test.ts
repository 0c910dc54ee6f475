import { describe, expect, it } from "vitest";
import { readSpannedQuestions } from "./answer-spans.ts";

const qas = (...questions: object[]) => questions.map((question, at) => ({ id: `q${at}`, question: " Who? ", ...question }));
const file = (articles: { title: string; context: string; qas: object[] }[]) =>
  JSON.stringify({ data: articles.map(({ title, ...paragraph }) => ({ title, paragraphs: [paragraph, { context: "Other.", qas: [] }] })) });

describe("readSpannedQuestions", () => {
  it("gives exact spans in our code units, whatever stands before them", () => {
    const context = "𝔸\r\nThe queen is Mathilda, Mathilda.";
    const answers = [{ text: "Mathilda", answer_start: [..."𝔸\r\nThe queen is Mathilda, "].length }];
    const [read] = readSpannedQuestions(file([{ title: "Queens", context, qas: qas({ is_impossible: false, answers }) }]));
    expect(read).toMatchObject({ question: "Who?", article: "Queens", document: "Queens_0", answerable: true, split: "train" });
    expect(read?.spans.map(({ start, end }) => "𝔸\nThe queen is Mathilda, Mathilda.".slice(start, end))).toEqual(["Mathilda"]);
    expect(read?.spans[0]?.start).toBe("𝔸\nThe queen is Mathilda, ".length);
  });

  it("takes what looks like an answer for an unanswerable question, and none where there is none", () => {
    const plausible = { is_impossible: true, answers: [], plausible_answers: [{ text: "queen", answer_start: 4 }] };
    const read = readSpannedQuestions(
      file([{ title: "Q", context: "The queen.", qas: qas(plausible, { is_impossible: true, answers: [] }) }]),
    );
    expect(read.map(({ answerable, spans }) => [answerable, spans.length])).toEqual([
      [false, 1],
      [false, 0],
    ]);
    expect(read[0]?.spans[0]).toEqual({ start: 4, end: 9, text: "queen" });
  });

  it("deals whole articles to fitting and reporting, in turn", () => {
    const one = (title: string) => ({ title, context: "It is so.", qas: qas({ is_impossible: true }) });
    const read = readSpannedQuestions(file(["A", "B", "C", "D", "A"].map(one)));
    expect(read.map(({ article, split }) => `${article} ${split}`)).toEqual(["A train", "B test", "C train", "D test", "A train"]);
    expect(read.map(({ document }) => document)).toEqual(["A_0", "B_0", "C_0", "D_0", "A_2"]);
  });

  it("says what is wrong without showing it", () => {
    expect(() => readSpannedQuestions("{")).toThrow(/not JSON/u);
    expect(() => readSpannedQuestions("{}")).toThrow(/data must be a list/u);
    expect(() => readSpannedQuestions(JSON.stringify({ data: [{ paragraphs: [{ qas: [] }] }] }))).toThrow(/context must be a text/u);
    expect(() => readSpannedQuestions(file([{ title: "A", context: "x", qas: [{ id: 3 }] }]))).toThrow(/id and question/u);
    expect(() => readSpannedQuestions(file([{ title: "A", context: "x", qas: [{ id: "a", question: "b" }] }]))).toThrow(
      /answers must be a list/u,
    );
  });
});
