import { createFakeEmbedder } from "@footnote/core/testing";
import { describe, expect, it } from "vitest";
import { answerTypeMatch, createAnswerRelevance } from "./answer-relevance.ts";

const fake = createFakeEmbedder({ dimensions: 256 });
const relevance = createAnswerRelevance({
  embed: async (texts) => (await fake.embed({ texts, purpose: "passage" })).map(({ vector }) => vector),
});

describe("createAnswerRelevance", () => {
  it("ranks an answer above another sentence of the same text, and both above one about something else", async () => {
    const question = "How long is the warranty of the Skua 3?";
    const [right = 0, near = 0, far = 0] = await relevance.judge([
      { question, answer: "The Skua 3 carries a warranty of five years." },
      { question, answer: "The warranty does not cover damage by lightning." },
      { question, answer: "Visitors park on level 2." },
    ]);
    expect(right).toBeGreaterThan(0.5);
    expect(right).toBeGreaterThan(near);
    expect(near).toBeGreaterThan(far);
  });

  it("takes the best sentence of an answer, and nothing for an empty one", async () => {
    const question = "Who leads Project Petrel?";
    const [alone = 0, among = 0, none] = await relevance.judge([
      { question, answer: "Sunniva Aas leads Project Petrel." },
      { question, answer: "Here is what I found. Sunniva Aas leads Project Petrel." },
      { question, answer: " … " },
    ]);
    expect(among).toBeCloseTo(alone, 1);
    expect(none).toBe(0);
    expect(await relevance.judge([])).toEqual([]);
  });

  it("says when the embedder gave too few vectors", async () => {
    const broken = createAnswerRelevance({ embed: async () => [] });
    await expect(broken.judge([{ question: "Who?", answer: "She." }])).rejects.toMatchObject({ code: "embedding_failed" });
  });
});

describe("answerTypeMatch", () => {
  it.each([
    ["How many stations are there?", "There are 14 stations.", 1],
    ["How many stations does version 2 have?", "Version 2 has stations.", -1],
    ["How often is it cleaned?", "It is cleaned every month.", 1],
    ["When does the rotation change?", "It changes on Tuesdays.", 1],
    ["When does the rotation change?", "It changes often.", -1],
    ["Who leads the project?", "The project is led by Sunniva Aas.", 1],
    ["Who is the lead of Petrel?", "The lead of Petrel is somebody.", -1],
    ["Why is it cleaned?", "Because it is dirty.", 0],
  ])("%s – %s", (question, answer, expected) => expect(answerTypeMatch(question, answer)).toBe(expected));
});
