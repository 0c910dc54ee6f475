import type { ChunkId, ScoredChunk } from "@footnote/core";
import { rankedBy } from "./ranked-by.ts";

export interface ConvexLeg {
  /** Best first. */
  results: readonly ScoredChunk[];
  /** How many were asked for: a leg that gave fewer gave everything it had. */
  limit: number;
}

/**
 * Convex combination of scores: lexicalWeight · BM25 / max BM25 + (1 − lexicalWeight) · cosine. Bruch, Gai, Ingber: An
 * Analysis of Fusion Functions for Hybrid Retrieval, TOIS 42(1), 2023; scaled to the maximum, since BM25 has a natural
 * zero and a cosine is comparable between queries.
 *
 * A chunk that one leg did not return scores there at most as much as the last one it did return, and gets that: the
 * bound, when the leg was cut off at its limit, and 0 when the leg gave everything it had (a chunk without a query term has BM25 0).
 */
export function convexFusion(options: { dense: ConvexLeg; lexical: ConvexLeg; lexicalWeight: number }): ScoredChunk[] {
  const { dense, lexical, lexicalWeight } = options;
  const bestLexical = lexical.results[0]?.score ?? 0;
  const scale = bestLexical > 0 ? 1 / bestLexical : 0;
  const denseScores = new Map(dense.results.map(({ chunkId, score }) => [chunkId, score]));
  const lexicalScores = new Map(lexical.results.map(({ chunkId, score }) => [chunkId, score * scale]));
  const missingDense = boundOf(dense);
  const missingLexical = boundOf(lexical) * scale;
  const scores = new Map<ChunkId, number>();
  for (const chunkId of [...denseScores.keys(), ...lexicalScores.keys()]) {
    const fused =
      lexicalWeight * (lexicalScores.get(chunkId) ?? missingLexical) + (1 - lexicalWeight) * (denseScores.get(chunkId) ?? missingDense);
    scores.set(chunkId, fused);
  }
  return rankedBy(scores);
}

/** The most that a chunk can score in a leg that did not return it. */
export function boundOf(leg: ConvexLeg): number {
  return leg.results.length > 0 && leg.results.length >= leg.limit ? (leg.results.at(-1)?.score ?? 0) : 0;
}
