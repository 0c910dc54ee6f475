import { type ChunkId, newId, type ScoredChunk } from "@footnote/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { convexFusion } from "./convex.ts";
import { mixScores } from "./mix.ts";
import { reciprocalRankFusion } from "./rrf.ts";

const ids: ChunkId[] = Array.from({ length: 30 }, () => newId("chunk"));
const id = (index: number): ChunkId => ids[index] ?? newId("chunk");
const list = (...pairs: [number, number][]): ScoredChunk[] => pairs.map(([index, score]) => ({ chunkId: id(index), score }));

/** A leg's results: distinct chunks, best first. */
const leg = (min: number, max: number) =>
  fc
    .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 29 }), fc.double({ min, max, noNaN: true })), { selector: ([index]) => index })
    .map((pairs) => list(...pairs).sort((a, b) => b.score - a.score));

describe("reciprocalRankFusion", () => {
  it("adds 1 / (k + rank) over the lists", () => {
    const fused = reciprocalRankFusion([list([1, 0.9], [2, 0.8]), list([2, 7], [3, 5])], { k: 60 });
    expect(fused).toEqual([
      { chunkId: id(2), score: 1 / 62 + 1 / 61 },
      { chunkId: id(1), score: 1 / 61 },
      { chunkId: id(3), score: 1 / 62 },
    ]);
  });

  it("breaks ties by chunk id and depends on ranks only, not on the order of the lists", () => {
    const [first, second] = [id(1), id(2)].sort();
    const fused = reciprocalRankFusion([list([1, 9]), list([2, 0.1])], { k: 60 });
    expect(fused.map(({ chunkId }) => chunkId)).toEqual([first, second]);
    fc.assert(
      fc.property(leg(-1, 1), leg(0.1, 40), (dense, lexical) => {
        const scaled = lexical.map(({ chunkId, score }) => ({ chunkId, score: score * 3 }));
        expect(reciprocalRankFusion([scaled, dense], { k: 60 })).toEqual(reciprocalRankFusion([dense, lexical], { k: 60 }));
      }),
    );
  });

  it("keeps a single list's order and gives nothing for nothing", () => {
    fc.assert(
      fc.property(leg(-1, 1), (dense) => {
        expect(reciprocalRankFusion([dense, []], { k: 60 }).map(({ chunkId }) => chunkId)).toEqual(dense.map(({ chunkId }) => chunkId));
      }),
    );
    expect(reciprocalRankFusion([], { k: 60 })).toEqual([]);
  });
});

describe("convexFusion", () => {
  it("weighs BM25 over its maximum against the cosine", () => {
    const fused = convexFusion({
      dense: { results: list([1, 0.8], [2, 0.5]), limit: 10 },
      lexical: { results: list([2, 8], [1, 2]), limit: 10 },
      lexicalWeight: 0.3,
    });
    expect(fused.map(({ score }) => score)).toEqual(
      [0.3 * (8 * (1 / 8)) + 0.7 * 0.5, 0.3 * (2 * (1 / 8)) + 0.7 * 0.8].sort((a, b) => b - a),
    );
  });

  it("gives a chunk that a full leg left out that leg's last score, and 0 where the leg had no more", () => {
    const cut = convexFusion({
      dense: { results: list([1, 0.8], [2, 0.5]), limit: 2 },
      lexical: { results: list([3, 8]), limit: 2 },
      lexicalWeight: 0.5,
    });
    expect(new Map(cut.map(({ chunkId, score }) => [chunkId, score]))).toEqual(
      new Map([
        [id(1), 0.4],
        [id(2), 0.25],
        [id(3), 0.75],
      ]),
    );
  });

  it("serves one leg alone in its own order, and nothing for nothing", () => {
    const empty = { results: [], limit: 10 };
    const results = list([4, 9], [5, 3]);
    const order = (fused: ScoredChunk[]) => fused.map(({ chunkId }) => chunkId);
    expect(order(convexFusion({ dense: empty, lexical: { results, limit: 10 }, lexicalWeight: 0.3 }))).toEqual([id(4), id(5)]);
    expect(order(convexFusion({ dense: { results, limit: 10 }, lexical: empty, lexicalWeight: 0.3 }))).toEqual([id(4), id(5)]);
    expect(convexFusion({ dense: empty, lexical: empty, lexicalWeight: 0.3 })).toEqual([]);
  });

  it("never puts a chunk below one that both legs rank lower, whatever BM25's scale", () => {
    fc.assert(
      fc.property(leg(-1, 1), leg(0.1, 40), fc.double({ min: 0.5, max: 100, noNaN: true }), (dense, lexical, factor) => {
        const fuse = (scale: number) =>
          convexFusion({
            dense: { results: dense, limit: 100 },
            lexical: { results: lexical.map(({ chunkId, score }) => ({ chunkId, score: score * scale })), limit: 100 },
            lexicalWeight: 0.3,
          });
        const fused = new Map(fuse(1).map(({ chunkId, score }) => [chunkId, score]));
        for (const { chunkId, score } of fuse(factor)) expect(score).toBeCloseTo(fused.get(chunkId) ?? Number.NaN, 9);
        const rank = (results: ScoredChunk[], chunkId: ChunkId) => results.findIndex((result) => result.chunkId === chunkId);
        const both = dense.filter(({ chunkId }) => rank(lexical, chunkId) >= 0).map(({ chunkId }) => chunkId);
        for (const a of both) {
          for (const b of both) {
            const dominates = rank(dense, a) < rank(dense, b) && rank(lexical, a) < rank(lexical, b);
            if (dominates && (fused.get(a) ?? 0) < (fused.get(b) ?? 0) - 1e-12) throw new Error("a dominated chunk came first");
          }
        }
      }),
    );
  });
});

describe("mixScores", () => {
  it("is the reranker alone at weight 1 and the fused order at weight 0, each standardised", () => {
    const options = { fused: [3, 2, 1], reranked: [10, 30, 20] };
    const deviation = Math.sqrt(2 / 3);
    expect(mixScores({ ...options, weight: 1 }).scores).toEqual([-10, 10, 0].map((value) => value / (10 * deviation)));
    expect(mixScores({ ...options, weight: 0 })).toEqual({ scores: [1 / deviation, 0, -1 / deviation], mean: 2, deviation });
  });

  it("lets a candidate without a score keep its fused one, and gives 0 where all are equal", () => {
    const { scores } = mixScores({ fused: [3, 2, 1], reranked: [null, 5, 9], weight: 1 });
    expect(scores[0]).toBeCloseTo(Math.sqrt(1.5), 12);
    expect(mixScores({ fused: [1, 1], reranked: [4, 4], weight: 0.5 }).scores).toEqual([0, 0]);
    expect(mixScores({ fused: [], reranked: [], weight: 0.5 }).scores).toEqual([]);
  });
});
