import { FootnoteError, type Hit, type Reranker, type RerankerSpec, type TenantId } from "@footnote/core";
import { mixScores, standardized } from "./fusion/mix.ts";
import { byScoreThenId } from "./fusion/ranked-by.ts";

/** The name under which a spec's reranker is looked up: `late-interaction`, the cross-encoder's model, or the name of learned weights. */
export function rerankerName(spec: RerankerSpec): string | null {
  if (spec.type === "none") return null;
  if (spec.type === "learned-linear") return spec.weights;
  return spec.type === "cross-encoder" ? spec.model : spec.type;
}

/** Reorders the best `spec.candidates` hits; the others follow in fused order and score no more than the last of them. */
export async function rerankHits(options: {
  tenantId: TenantId;
  query: string;
  hits: readonly Hit[];
  spec: Exclude<RerankerSpec, { type: "none" | "learned-linear" }>;
  rerankers: readonly Reranker[];
  signal: AbortSignal;
}): Promise<Hit[]> {
  const { tenantId, query, spec, signal } = options;
  const name = rerankerName(spec);
  const reranker = options.rerankers.find((candidate) => candidate.name === name);
  if (!reranker)
    throw new FootnoteError("configuration_invalid", `No reranker named ${name} is configured; set it up or choose another pipeline.`);
  const count = Math.min(spec.candidates, reranker.capabilities.maxCandidates);
  const candidates = options.hits.slice(0, count);
  const { scores } = await reranker.rerank({ tenantId, query, candidates, signal });
  if (scores.length !== candidates.length || scores.some((score) => score !== null && !Number.isFinite(score))) {
    throw new FootnoteError("rerank_failed", `Reranker ${reranker.name} did not return one finite score per candidate; try again.`);
  }
  if (scores.every((score) => score === null)) {
    throw new FootnoteError("rerank_failed", `Reranker ${reranker.name} has no score for any candidate; index the collection again.`);
  }
  const mixed = mixScores({ fused: candidates.map((hit) => hit.score), reranked: scores, weight: spec.weight });
  const reranked = candidates
    .map((hit, index) => ({ hit, score: mixed.scores[index] ?? 0, own: scores[index] ?? null }))
    .sort((a, b) => byScoreThenId({ chunkId: a.hit.chunk.id, score: a.score }, { chunkId: b.hit.chunk.id, score: b.score }));
  const lowest = reranked.at(-1)?.score ?? 0;
  return [
    ...reranked.map(({ hit, score, own }, index) => ({
      ...hit,
      score,
      ranks: { ...hit.ranks, rerank: index + 1 },
      scores: own === null ? hit.scores : { ...hit.scores, rerank: own },
    })),
    ...options.hits.slice(count).map((hit) => ({ ...hit, score: Math.min(lowest, standardized(hit.score, mixed)) })),
  ];
}
