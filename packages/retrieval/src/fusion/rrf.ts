import type { ChunkId, ScoredChunk } from "@footnote/core";
import { rankedBy } from "./ranked-by.ts";

/**
 * Reciprocal rank fusion: score(d) = Σ over lists of 1 / (k + rank of d), rank from 1; a list without d adds nothing.
 * Cormack, Clarke, Büttcher: Reciprocal rank fusion outperforms Condorcet and individual rank learning methods, SIGIR 2009.
 * `k` is 60 there. `weights` are factors of the lists (default 1 each). The result is ordered best first, ties by chunk id. Each list must hold a chunk once.
 */
export function reciprocalRankFusion(
  lists: readonly (readonly ScoredChunk[])[],
  options: { k: number; weights?: readonly number[] },
): ScoredChunk[] {
  const scores = new Map<ChunkId, number>();
  for (const [at, list] of lists.entries()) {
    const weight = options.weights?.[at] ?? 1;
    if (weight === 0) continue;
    for (const [index, { chunkId }] of list.entries()) {
      scores.set(chunkId, (scores.get(chunkId) ?? 0) + weight / (options.k + index + 1));
    }
  }
  return rankedBy(scores);
}
