import type { ChunkId, ScoredChunk } from "@footnote/core";

/** Chunks by falling score; equal scores by chunk id, so that an order never depends on who answered first. */
export function rankedBy(scores: ReadonlyMap<ChunkId, number>): ScoredChunk[] {
  return [...scores].map(([chunkId, score]) => ({ chunkId, score })).sort(byScoreThenId);
}

/** The one order of results. */
export function byScoreThenId(a: ScoredChunk, b: ScoredChunk): number {
  return b.score - a.score || (a.chunkId < b.chunkId ? -1 : a.chunkId > b.chunkId ? 1 : 0);
}
