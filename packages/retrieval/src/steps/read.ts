import type { ChunkId, Hit, ScoredChunk } from "@footnote/core";
import type { Step } from "../run-steps.ts";
import type { SearchContext } from "../search-context.ts";

/** Reads content in fused order until enough chunks were seen: one that vanished or may not be seen makes room for the next. */
export const read: Step = {
  name: "read",
  applies: ({ dense, lexical }) => dense !== null || lexical !== null,
  deadline: { what: "reading of the results", timeout: "readMs" },
  async run(context, signal) {
    const { parts, tenantId, fused } = context;
    const wanted = hitsWanted(context);
    const denseRanks = byChunk(context.dense?.[0] ?? []);
    const lexicalRanks = byChunk(context.lexical?.[0] ?? []);
    const hits: Hit[] = [];
    for (let from = 0; from < fused.length && hits.length < wanted;) {
      const batch = fused.slice(from, from + wanted - hits.length);
      from += batch.length;
      const chunks = await parts.chunks.read({ tenantId, chunkIds: batch.map(({ chunkId }) => chunkId), signal });
      for (const { chunkId, score } of batch) {
        const chunk = chunks.get(chunkId);
        if (!chunk) continue;
        const dense = denseRanks.get(chunkId);
        const lexical = lexicalRanks.get(chunkId);
        hits.push({
          chunk,
          score,
          ranks: { ...(dense ? { dense: dense.rank } : {}), ...(lexical ? { lexical: lexical.rank } : {}) },
          scores: { ...(dense ? { dense: dense.score } : {}), ...(lexical ? { lexical: lexical.score } : {}), fusion: score },
        });
      }
    }
    return { hits };
  },
};

/** As many as the caller wants, or the later steps choose from. */
function hitsWanted({ limit, spec: { reranker, diversity } }: SearchContext): number {
  return Math.max(limit, reranker.type === "none" ? 0 : reranker.candidates, diversity.type === "none" ? 0 : diversity.candidates);
}

function byChunk(results: readonly ScoredChunk[]): Map<ChunkId, { rank: number; score: number }> {
  return new Map(results.map(({ chunkId, score }, index) => [chunkId, { rank: index + 1, score }]));
}
