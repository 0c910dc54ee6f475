import { FootnoteError, type Hit, newId, type Reranker } from "@footnote/core";
import { hitOf } from "@footnote/core/testing";
import { describe, expect, it } from "vitest";
import { createAnalyzer } from "./analysis/analyzer.ts";
import { learnedFeatures, rerankLearned } from "./rerank-learned.ts";

const analyzer = createAnalyzer({ language: "en" });
const hits: Hit[] = ["Invoices are paid.", "Staff get leave.", "The office opens.", "Last one."].map((text, at) => ({
  ...hitOf(text),
  score: 0.9 - at / 10,
  scores: { fusion: 0.9 - at / 10 },
}));
/** Scores a candidate by its length, and reads the opposite. */
const byLength: Reranker = {
  name: "by-length",
  capabilities: { maxCandidates: 100, needsTokenVectors: false },
  rerank: async ({ candidates }) => ({
    scores: candidates.map(({ chunk }) => chunk.text.length),
    readings: { shortness: candidates.map(({ chunk }) => -chunk.text.length) },
  }),
};
const request = {
  tenantId: newId("tenant"),
  query: "leave",
  hits,
  count: 3,
  analyzer,
  missing: { dense: 0, lexical: 0 },
  rerankers: [byLength],
  signal: new AbortController().signal,
};
const texts = (found: Hit[]) => found.map(({ chunk }) => chunk.text);

describe("learned reranking", () => {
  it("orders the first candidates anew and leaves the others behind them", async () => {
    const weights = { name: "test", signals: ["by-length"], weights: { "by-length.shortness": 1, "matched-in-text": 3 } };
    const { hits: found, failed } = await rerankLearned({ ...request, weights });
    expect(texts(found)).toEqual(["Staff get leave.", "The office opens.", "Invoices are paid.", "Last one."]);
    expect(failed).toEqual([]);
    expect(found.map(({ ranks }) => ranks.rerank)).toEqual([1, 2, 3, undefined]);
    const scores = found.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(Math.min(...scores)).toBeGreaterThan(0);
    expect(Math.max(...scores)).toBeLessThan(1);
    expect(found[0]?.scores).toEqual({ fusion: 0.8, rerank: scores[0] });
  });

  it("goes on without a reading that cannot be had, and says why", async () => {
    const weights = { name: "test", signals: ["by-length", "absent"], weights: { fused: 1, "by-length": 0.1, absent: 5 } };
    const { hits: found, failed } = await rerankLearned({ ...request, weights });
    expect(texts(found)).toEqual(texts(hits));
    expect(failed.map(({ code }) => code)).toEqual(["configuration_invalid"]);
    for (const scores of [[1], [1, Number.NaN, 2], [null, null, null]]) {
      const broken: Reranker = { ...byLength, rerank: async () => ({ scores }) };
      const outcome = await rerankLearned({ ...request, weights: { ...weights, signals: ["by-length"] }, rerankers: [broken] });
      expect(texts(outcome.hits)).toEqual(texts(hits));
      expect(outcome.failed.map(({ code }) => code)).toEqual(["rerank_failed"]);
    }
  });

  it("stops when the caller does", async () => {
    const controller = new AbortController();
    const slow: Reranker = {
      ...byLength,
      rerank: async () => {
        controller.abort();
        throw new FootnoteError("rerank_failed", "Gave up; try again.");
      },
    };
    const features = learnedFeatures({ ...request, hits, signals: ["by-length"], rerankers: [slow], signal: controller.signal });
    await expect(features).rejects.toMatchObject({ code: "cancelled" });
  });
});
