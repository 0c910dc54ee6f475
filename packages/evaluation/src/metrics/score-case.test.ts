import type { Judge, JudgeItem } from "@footnote/core";
import { describe, expect, it } from "vitest";
import type { EvalCase } from "../datasets/eval-case.ts";
import type { RunAnswer, RunContext } from "./case-result.ts";
import { judgeNames, metricNames, scoreCase } from "./score-case.ts";

const place = (start: number, end: number, text: string): RunContext => ({ document: "m", start, end, text });
const gold = [{ document: "m", start: 0, end: 10, part: 1 }];
const one: EvalCase = {
  id: "a",
  question: "How often?",
  answerable: true,
  tags: [],
  split: "test",
  referenceAnswer: "Every 90 days.",
  spans: [{ document: "m", quote: "x" }],
};
const answer: RunAnswer = {
  text: "Every 90 days. Use soap.",
  finishReason: "stop",
  sentences: [
    {
      text: "Every 90 days.",
      stated: "supported",
      citations: [
        { ...place(0, 10, "every 90 days"), verified: true },
        { ...place(20, 30, "unrelated"), verified: false },
      ],
    },
    { text: "Use soap.", stated: "partial", citations: [] },
  ],
  contexts: [place(20, 30, "unrelated"), place(0, 10, "every 90 days")],
  ranking: [place(20, 30, "unrelated"), place(0, 10, "every 90 days")],
  milliseconds: 5,
  usd: 0,
  degraded: [],
};
const silent: RunAnswer = { ...answer, text: "Nothing says so.", finishReason: "unsupported", sentences: [] };

/** Supports a claim whose evidence holds its words. */
function wordJudge(seen: JudgeItem[] = []): Judge {
  const words = (text: string) => text.toLowerCase().match(/\w+/gu) ?? [];
  return {
    name: "words",
    version: "2",
    capabilities: { deterministic: true, batchSize: 10 },
    async judge({ items }) {
      seen.push(...items);
      const verdicts = items.map(({ claim, evidence }) => {
        const known = new Set(words(evidence.join(" ")));
        const isThere = words(claim).every((word) => known.has(word));
        return { support: isThere ? ("supported" as const) : ("unsupported" as const), score: Number(isThere) };
      });
      return { verdicts, usd: 0.5, modelCalls: 1 };
    },
  };
}
const embed = {
  name: "two",
  version: "1",
  embed: async (texts: readonly string[]) => texts.map((text) => (/often|90/u.test(text) ? Float32Array.of(1, 0) : Float32Array.of(0, 1))),
};
const score = (changes: Partial<Parameters<typeof scoreCase>[0]> = {}) => scoreCase({ case: one, answer, gold, judges: {}, ...changes });

describe("scoring a case", () => {
  it("gives every metric of a judged answer, asks each pair once and in one batch", async () => {
    const seen: JudgeItem[] = [];
    const { metrics, judging } = await score({ judges: { judge: wordJudge(seen), embed } });
    expect(Object.keys(metrics)).toEqual([...metricNames]);
    expect(metrics).toMatchObject({
      "recall@5": 1,
      mrr: 0.5,
      "context-precision": 0.5,
      "context-recall": 1,
      faithfulness: 0.5,
      "citation-precision": 0.5,
      "citation-recall": 0.5,
      "answer-relevance": 0.5,
      "answer-correctness": 1 / 1.5,
      "gold-citation-precision": 0.5,
      "gold-citation-recall": 1,
      "gold-first": 1,
      "citations-verified": 0.5,
      abstention: 1,
    });
    expect(judging).toEqual({ usd: 0.5, modelCalls: 1 });
    expect(new Set(seen.map(({ claim, evidence }) => JSON.stringify([claim, evidence]))).size).toBe(seen.length);
    expect(seen.every(({ question }) => question === "How often?")).toBe(true);
  });

  it("asks whoever judges relevance, where there is one", async () => {
    const relevance = { name: "fixed", version: "1", judge: async () => [0.75] };
    expect((await score({ judges: { relevance, embed } })).metrics["answer-relevance"]).toBe(0.75);
    expect(judgeNames({ relevance })).toEqual(["stated@1", "fixed@1"]);
  });

  it("reads an answer without its markers", async () => {
    const marked = {
      ...answer,
      text: "Every 90 days. [1] Use soap. [2]",
      sentences: [{ text: "Every 90 days.", stated: "supported" as const, citations: [] }],
    };
    expect((await score({ answer: marked })).metrics["token-f1"]).toBe(1);
    expect((await score({ answer: { ...marked, sentences: [] } })).metrics["token-f1"]).toBeLessThan(1);
  });

  it("never believes a judge that supports a claim without evidence", async () => {
    const yes: Judge = {
      ...wordJudge(),
      judge: async ({ items }) => ({ verdicts: items.map(() => ({ support: "supported" as const, score: 1 })), usd: 0, modelCalls: 0 }),
    };
    const { metrics } = await score({ judges: { judge: yes } });
    expect(metrics).toMatchObject({ faithfulness: 0.5, "citation-recall": 0.5 });
  });

  it("splits claims where something splits them", async () => {
    const splitClaims = {
      name: "halves",
      version: "1",
      split: (sentence: string) => (sentence.startsWith("Every") ? ["every 90", "days"] : []),
    };
    const { metrics } = await score({ judges: { judge: wordJudge(), splitClaims } });
    expect(metrics["faithfulness"]).toBeCloseTo(2 / 3, 12);
  });

  it("takes the product's own word without a judge, and leaves null what only a judge can say", async () => {
    const { metrics } = await score();
    expect(metrics).toMatchObject({ faithfulness: 0.5, "citation-recall": 0.5 });
    expect(metrics).toMatchObject({ "citation-precision": null, "answer-correctness": null, "answer-relevance": null });
  });

  it("scores an abstention 0 where an answer was to be had, and only abstention where none was", async () => {
    const judges = { judge: wordJudge(), embed };
    const wrong = await score({ answer: silent, judges });
    expect(wrong.metrics).toMatchObject({
      abstention: 0,
      "answer-relevance": 0,
      "answer-correctness": 0,
      "token-f1": 0,
      "gold-citation-recall": 0,
      "gold-first": 0,
      faithfulness: null,
      "citation-precision": null,
      "gold-citation-precision": null,
    });
    const { referenceAnswer: _none, ...rest } = one;
    const impossible = { ...rest, answerable: false, spans: [] };
    const right = await score({ case: impossible, answer: silent, gold: [], judges });
    expect(Object.entries(right.metrics).filter(([, value]) => value !== null)).toEqual([["abstention", 1]]);
    const answered = await score({ case: impossible, gold: [], judges });
    expect(answered.metrics).toMatchObject({ abstention: 0, faithfulness: 0.5, "answer-relevance": null, "recall@5": null });
  });

  it("names whoever judged", () => {
    expect(judgeNames({})).toEqual(["stated@1"]);
    expect(judgeNames({ judge: wordJudge(), embed })).toEqual(["words@2", "two@1"]);
  });
});
