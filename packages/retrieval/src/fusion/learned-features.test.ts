import { type Hit, newId } from "@footnote/core";
import { hitOf } from "@footnote/core/testing";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAnalyzer } from "../analysis/analyzer.ts";
import { textFeatureNames, textFeatures } from "./learned-features.ts";

const analyzer = createAnalyzer({ language: "en" });
const candidate = (text: string, changes: { title?: string; scores?: Hit["scores"]; ranks?: Hit["ranks"]; of?: Hit } = {}): Hit => {
  const hit = hitOf(text);
  return {
    ...hit,
    chunk: { ...hit.chunk, title: changes.title ?? null, documentId: changes.of?.chunk.documentId ?? hit.chunk.documentId },
    scores: changes.scores ?? {},
    ranks: changes.ranks ?? {},
  };
};
const featuresOf = (query: string, candidates: Hit[], missing = { dense: 0, lexical: 0 }) =>
  textFeatures({ query, candidates, analyzer, missing });

describe("text features", () => {
  it("reads the scores and ranks of the legs, and the bound where a leg did not return a candidate", () => {
    const features = featuresOf(
      "leave",
      [
        candidate("a", { scores: { lexical: 8, dense: 0.5, fusion: 0.9 }, ranks: { lexical: 1, dense: 2 } }),
        candidate("b", { scores: { dense: 0.7, fusion: 0.6 }, ranks: { dense: 1 } }),
      ],
      { dense: 0.1, lexical: 2 },
    );
    expect(features.lexical).toEqual([1, 0.25]);
    expect(features.dense).toEqual([0.5, 0.7]);
    expect(features.fused).toEqual([0.9, 0.6]);
    expect(features["lexical-reciprocal-rank"]).toEqual([1 / 61, 0]);
    expect(features["dense-reciprocal-rank"]).toEqual([1 / 62, 1 / 61]);
  });

  it("weighs a matched term by how few of the candidates hold it, in text and in title apart", () => {
    const features = featuresOf("annual leave of contractors", [
      candidate("Annual leave is 25 days."),
      candidate("Annual leave of contractors is unpaid."),
      candidate("Nothing here.", { title: "Contractors" }),
    ]);
    const [first = 0, second = 0, third = 0] = features["matched-in-text"];
    expect(second).toBeCloseTo(1, 12);
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(second);
    expect(third).toBe(0);
    expect(features["matched-in-title"].map((value) => value > 0)).toEqual([false, false, true]);
    const [once = 0, twice = 0] = featuresOf("leave", [candidate("leave"), candidate("leave leave"), candidate("x")])["saturated-matches"];
    expect(twice).toBeGreaterThan(once);
  });

  it("puts neighbours in the query's order above the same words apart or turned round", () => {
    const texts = ["The leave year begins.", "The year: leave begins.", "Leave, in a long and quiet summer, or year.", "Leave only."];
    const { proximity, phrase } = featuresOf(
      "leave year",
      texts.map((text) => candidate(text)),
    );
    const [exact = 0, turned = 0, apart = 0, lone = 1] = proximity;
    expect(exact).toBe(1);
    expect(turned).toBe(0.5);
    expect(apart).toBeLessThan(turned);
    expect(lone).toBe(0);
    expect(phrase).toEqual([1, 0.5, 0.5, 0.5]);
  });

  it("looks for names and numbers as they are written", () => {
    const texts = ["DiffExecutor wraps two.", "diffexecutor wraps two.", "Error E42 in std::fmt"];
    const names = (query: string) =>
      featuresOf(
        query,
        texts.map((text) => candidate(text)),
      ).identifiers;
    expect(names("What is DiffExecutor?")).toEqual([1, 0, 0]);
    expect(names("What does E42 of std::fmt mean?")).toEqual([0, 0, 1]);
    expect(names("what is it")).toEqual([0, 0, 0]);
  });

  it("knows what else of a document is among the candidates", () => {
    const first = candidate("a", { scores: { fusion: 0.9 } });
    const features = featuresOf("a", [
      first,
      candidate("b", { scores: { fusion: 0.5 }, of: first }),
      candidate("c", { scores: { fusion: 0.4 } }),
    ]);
    expect(features.document).toEqual([0.9, 0.9, 0.4]);
    expect(features["document-support"].map((value) => Number(value.toFixed(6)))).toEqual([0.1, 0.5, 0]);
  });

  it("gives one finite value per candidate and feature, whatever is asked of whatever", () => {
    const text = fc.oneof(fc.string({ unit: "grapheme", maxLength: 60 }), fc.lorem({ maxCount: 12 }));
    const score = fc.option(fc.double({ min: 0.01, max: 40, noNaN: true }), { nil: undefined });
    fc.assert(
      fc.property(text, fc.array(fc.tuple(text, text, score, score), { minLength: 1, maxLength: 8 }), (query, rows) => {
        const hits = rows.map(([body, title, lexical, dense]) =>
          candidate(body, {
            title,
            scores: { ...(lexical === undefined ? {} : { lexical }), ...(dense === undefined ? {} : { dense }), fusion: lexical ?? 0 },
          }),
        );
        const features = featuresOf(query, hits);
        expect(Object.keys(features)).toEqual([...textFeatureNames]);
        for (const values of Object.values(features)) {
          expect(values).toHaveLength(hits.length);
          for (const value of values) if (!Number.isFinite(value)) throw new Error("a feature is no number");
        }
      }),
      { numRuns: 200 },
    );
    expect(featuresOf("anything", []).fused).toEqual([]);
  });
});

it("does not depend on which chunk ids candidates have", () => {
  const hits = ["Leave is 25 days.", "Leave is unpaid."].map((text) => candidate(text, { scores: { fusion: 0.3 } }));
  const renamed = hits.map((hit) => ({ ...hit, chunk: { ...hit.chunk, id: newId("chunk") } }));
  expect(featuresOf("unpaid leave", renamed)).toEqual(featuresOf("unpaid leave", hits));
});
