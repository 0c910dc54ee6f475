import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerRelevance, claimF1, faithfulness, hasAbstained, tokenF1 } from "./answer-metrics.ts";
import { citationPrecision, citationRecall, goldCitationPrecision, goldCitationRecall } from "./citation-metrics.ts";
import { contextPrecision, overlaps, partNdcgAt, partRecallAt, partReciprocalRank, relevanceOf } from "./part-ranking.ts";

const at = (start: number, end: number, document = "a") => ({ document, start, end });
/** Part 1 in a or b, part 2 in a. */
const gold = [
  { ...at(0, 10), part: 1 },
  { ...at(0, 10, "b"), part: 1 },
  { ...at(50, 60), part: 2 },
];

describe("metrics over parts", () => {
  it("count a part once, whichever of its alternatives is met", () => {
    const ranking = [at(5, 8, "b"), at(0, 5), at(10, 50), at(59, 70)];
    expect([1, 2, 3, 4].map((k) => partRecallAt(k, ranking, gold))).toEqual([0.5, 0.5, 0.5, 1]);
    expect(partReciprocalRank(ranking, gold)).toBe(1);
    expect(partReciprocalRank(ranking.slice(2), gold)).toBe(0.5);
    expect(partReciprocalRank([at(10, 50)], gold)).toBe(0);
    const ideal = 1 + 1 / Math.log2(3);
    expect(partNdcgAt(10, ranking, gold)).toBeCloseTo((1 + 1 / Math.log2(5)) / ideal, 12);
  });

  it("give 1 for the best ranking, also when one text touches two parts", () => {
    expect(partNdcgAt(10, [at(0, 60)], gold)).toBe(1);
    expect(partNdcgAt(1, [at(0, 60)], gold)).toBe(1);
    expect(partNdcgAt(10, [at(0, 10), at(50, 60)], gold)).toBe(1);
  });

  it("have no value without gold, and neighbours do not overlap", () => {
    expect([partRecallAt(5, [at(0, 1)], []), partNdcgAt(5, [at(0, 1)], []), partReciprocalRank([at(0, 1)], [])]).toEqual([
      null,
      null,
      null,
    ]);
    expect(relevanceOf([at(0, 1)], [])).toBeNull();
    expect(overlaps(at(0, 10), at(10, 20))).toBe(false);
    expect(overlaps(at(0, 10), at(9, 20))).toBe(true);
    expect(overlaps(at(0, 10), at(0, 10, "b"))).toBe(false);
  });

  it("stay within 0…1, and a text more at the end never costs", () => {
    const place = fc.record({
      document: fc.constantFrom("a", "b"),
      start: fc.integer({ min: 0, max: 60 }),
      length: fc.integer({ min: 1, max: 60 }),
    });
    const places = fc.array(
      place.map(({ document, start, length }) => at(start, start + length, document)),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(places, places, (ranking, more) => {
        const longer = [...ranking, ...more];
        for (const metric of [(r: typeof ranking) => partNdcgAt(20, r, gold), (r: typeof ranking) => partRecallAt(20, r, gold)]) {
          expect(metric(longer)).toBeGreaterThanOrEqual(metric(ranking) ?? 0);
          expect(metric(longer)).toBeLessThanOrEqual(1 + 1e-12);
        }
      }),
    );
  });

  it("weigh contexts by rank as ragas does", () => {
    expect(contextPrecision([true, false, true])).toBeCloseTo((1 + 2 / 3) / 2, 12);
    expect(contextPrecision([false, true])).toBe(0.5);
    expect(contextPrecision([false])).toBe(0);
    expect(contextPrecision([])).toBe(0);
  });
});

describe("citations", () => {
  const needed = { alone: true, othersWithout: false };
  const redundant = { alone: false, othersWithout: true };
  it("follow ALCE: a sentence counts when all together support it, a citation when it is needed", () => {
    const sentences = [
      { supported: true, citations: [needed, redundant] },
      { supported: true, citations: [{ alone: false, othersWithout: false }] },
      { supported: false, citations: [needed] },
      { supported: false, citations: [] },
    ];
    expect(citationRecall(sentences)).toBe(0.5);
    expect(citationPrecision(sentences)).toBe(0.5);
    expect([citationRecall([]), citationPrecision([{ supported: false, citations: [] }])]).toEqual([null, null]);
  });

  it("are held against gold places, too", () => {
    const cited = [at(5, 6), at(20, 30)];
    expect(goldCitationPrecision(cited, gold)).toBe(0.5);
    expect(goldCitationRecall(cited, gold)).toBe(0.5);
    expect(goldCitationRecall([at(3, 4, "b"), at(50, 51)], gold)).toBe(1);
    expect([goldCitationPrecision([], gold), goldCitationPrecision(cited, []), goldCitationRecall(cited, [])]).toEqual([null, null, null]);
    expect(goldCitationRecall([], gold)).toBe(0);
  });
});

describe("answers", () => {
  it("are faithful by the share of fully supported claims", () => {
    expect(faithfulness(["supported", "partial", "unsupported", "supported"])).toBe(0.5);
    expect(faithfulness([])).toBeNull();
  });

  it("are relevant by mean cosine, never below 0", () => {
    const [x, y] = [Float32Array.of(1, 0), Float32Array.of(0, 1)];
    expect(answerRelevance(x, [x, y])).toBe(0.5);
    expect(answerRelevance(x, [Float32Array.of(-1, 0)])).toBe(0);
    expect(answerRelevance(x, [])).toBe(0);
  });

  it("are correct by F1 over claims", () => {
    expect(claimF1({ stated: [true, false], expected: [true] })).toBeCloseTo(1 / 1.5, 12);
    expect(claimF1({ stated: [true], expected: [true, false] })).toBeCloseTo(1 / 1.5, 12);
    expect(claimF1({ stated: [false], expected: [true] })).toBe(0);
    expect(claimF1({ stated: [true], expected: [] })).toBeNull();
  });

  it("are compared by SQuAD's token F1", () => {
    expect(tokenF1("The Normans, in 1066.", "normans 1066")).toBeCloseTo((2 * 2) / (3 + 2), 12);
    expect(tokenF1("a a b", "a b b")).toBeCloseTo(1 / 1.5, 12);
    expect([tokenF1("", "."), tokenF1("x", ""), tokenF1("x", "x")]).toEqual([1, 0, 1]);
    // An article is a word of its own, also beside letters beyond ASCII.
    expect([tokenF1("aéroport", "éroport"), tokenF1("The a\u0301rea", "a\u0301rea"), tokenF1("thé", "")]).toEqual([0, 1, 0]);
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => Math.abs(tokenF1(a, b) - tokenF1(b, a)) < 1e-12));
  });

  it("abstain when they say so and cite nothing", () => {
    const citation = { ...at(0, 1), text: "x", verified: true };
    const sentence = (cited: boolean) => ({ text: "x", stated: "unsupported" as const, citations: cited ? [citation] : [] });
    expect(hasAbstained({ finishReason: "unsupported", sentences: [sentence(false)] })).toBe(true);
    expect(hasAbstained({ finishReason: "refusal", sentences: [] })).toBe(true);
    expect(hasAbstained({ finishReason: "unsupported", sentences: [sentence(true)] })).toBe(false);
    expect(hasAbstained({ finishReason: "stop", sentences: [] })).toBe(false);
  });
});
