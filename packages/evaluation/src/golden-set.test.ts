import { newId, type Answer, type Citation } from "@footnote/core";
import { describe, expect, it } from "vitest";
import { evaluateGoldenSet, locateQuote, readGoldenQuestions } from "./golden-set.ts";

const text = "# Manual\n\nClean it every  90 days. Never use vinegar.";
const documentId = newId("document");
const versionId = newId("version");

function citation(start: number, end: number, quote = text.slice(start, end)): Citation {
  return {
    id: "c1",
    marker: 1,
    answerSpan: { start: 0, end: 1 },
    source: { documentId, versionId, chunkId: newId("chunk"), title: null },
    sourceSpan: { start, end },
    quote,
    verification: "exact",
  };
}

function answer(citations: Citation[], finishReason: Answer["finishReason"] = "stop"): Answer {
  return {
    id: newId("answer"),
    conversationId: newId("conversation"),
    question: "",
    text: "",
    citations,
    claims: [],
    sources: [],
    finishReason,
    usage: { model: "extractive", promptTokens: 0, completionTokens: 0, cachedTokens: 0, embeddedTokens: 0, modelCalls: 1 },
    cost: { currency: "USD", embed: 0, rerank: 0, generate: 0, total: 0 },
    timings: {},
    degraded: [],
    pipeline: "default",
    pipelineHash: "",
    createdAt: new Date(0),
  };
}

const questions = readGoldenQuestions(
  '{"id":"a","question":"How often?","answerable":true,"tags":[],"spans":[{"document":"manual.md","quote":"every 90 days"}]}\n\n{"id":"b","question":"Who?","answerable":false,"tags":[],"spans":[]}\n',
);
const evaluate = (answers: Record<string, Answer>) =>
  evaluateGoldenSet({
    questions,
    ask: async (question) => answers[question] ?? answer([], "unsupported"),
    readVersion: async () => ({ externalId: "manual.md", text }),
  });

describe("a golden set", () => {
  it("counts a citation of the expected place and an abstention as right", async () => {
    const report = await evaluate({ "How often?": answer([citation(10, 34)]) });
    expect(report).toMatchObject({
      answerable: { total: 1, right: 1, rightFirst: 1 },
      unanswerable: { total: 1, abstained: 1 },
      citations: { total: 1, false: 0 },
    });
  });

  it("counts a citation of another place, an answer to an unanswerable question and a false quote as wrong", async () => {
    const report = await evaluate({ "How often?": answer([citation(36, 54)]), "Who?": answer([citation(10, 34, "made up")]) });
    expect(report).toMatchObject({
      answerable: { right: 0 },
      unanswerable: { abstained: 0 },
      citations: { total: 2, false: 1 },
    });
  });

  it("tells the first citation from the others", async () => {
    const report = await evaluate({ "How often?": answer([citation(36, 54), citation(10, 34)]) });
    expect(report.answerable).toEqual({ total: 1, right: 1, rightFirst: 0 });
  });

  it("stops when an expected quote is not in its document", async () => {
    const wrong = [{ id: "a", question: "q", answerable: true, tags: [], spans: [{ document: "manual.md", quote: "nowhere" }] }];
    await expect(
      evaluateGoldenSet({
        questions: wrong,
        ask: async () => answer([citation(0, 3)]),
        readVersion: async () => ({ externalId: "manual.md", text }),
      }),
    ).rejects.toThrow(/question a/u);
  });
});

describe("quotes", () => {
  it("are found across line breaks and runs of spaces, and only once", () => {
    expect(locateQuote(text, "every 90 days.")).toEqual({ start: 19, end: 34 });
    expect(locateQuote("a b a  b", "a b")).toBeNull();
    expect(locateQuote("cost (net) 5 $", "(net) 5 $")).toEqual({ start: 5, end: 14 });
    expect(locateQuote(text, "soap")).toBeNull();
  });
});

describe("reading questions", () => {
  it("names the line that is wrong", () => {
    expect(() => readGoldenQuestions('{"id":"a"}')).toThrow(/line 1/u);
    expect(() => readGoldenQuestions('\n{"id":"a","question":"q","answerable":true,"tags":[],"spans":[]}')).toThrow(/line 2/u);
  });
});
