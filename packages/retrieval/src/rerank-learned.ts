import {
  FootnoteError,
  type Hit,
  type LexicalAnalyzer,
  type Reranker,
  type TenantId,
  throwIfAborted,
  toFootnoteError,
} from "@footnote/core";
import { textFeatures } from "./fusion/learned-features.ts";
import { learnedLinear, type LearnedWeights } from "./fusion/learned-linear.ts";
import { byScoreThenId } from "./fusion/ranked-by.ts";

export interface LearnedRequest {
  tenantId: TenantId;
  query: string;
  /** In fused order; the first `count` are ordered anew. */
  hits: readonly Hit[];
  count: number;
  weights: LearnedWeights;
  analyzer: LexicalAnalyzer;
  missing: { dense: number; lexical: number };
  rerankers: readonly Reranker[];
  signal: AbortSignal;
}

export interface LearnedResult {
  hits: Hit[];
  /** Signals that could not be had: their features count as equal for all. */
  failed: FootnoteError[];
}

/** Orders the best hits by a learned linear model over text features and the readings of rerankers; the others follow, lower than the last of them. */
export async function rerankLearned(request: LearnedRequest): Promise<LearnedResult> {
  const { hits, count, weights } = request;
  const candidates = hits.slice(0, count);
  const { features, failed } = await learnedFeatures({ ...request, hits: candidates, signals: weights.signals });
  const scores = learnedLinear(features, weights.weights);
  const ordered = candidates
    .map((hit, at) => ({ hit, score: scores[at] ?? 0 }))
    .sort((a, b) => byScoreThenId({ chunkId: a.hit.chunk.id, score: a.score }, { chunkId: b.hit.chunk.id, score: b.score }));
  const lowest = ordered.at(-1)?.score ?? 0;
  const highestOfRest = hits[count]?.score ?? 0;
  return {
    hits: [
      ...ordered.map(({ hit, score }, at) => ({
        ...hit,
        score,
        ranks: { ...hit.ranks, rerank: at + 1 },
        scores: { ...hit.scores, rerank: score },
      })),
      // Below the last, by as much as they lie below the first of themselves, so that their order stays visible.
      ...hits.slice(count).map((hit) => ({ ...hit, score: lowest / (2 + highestOfRest - hit.score) })),
    ],
    failed,
  };
}

/** Every feature of every hit: what the fitting script collects and what a query is ranked by. */
export async function learnedFeatures(
  request: Omit<LearnedRequest, "count" | "weights"> & { signals: readonly string[] },
): Promise<{ features: Record<string, (number | null)[]>; failed: FootnoteError[] }> {
  const { tenantId, query, hits, analyzer, missing, rerankers, signals, signal } = request;
  const features: Record<string, (number | null)[]> = { ...textFeatures({ query, candidates: hits, analyzer, missing }) };
  const failed: FootnoteError[] = [];
  await Promise.all(
    signals.map(async (name) => {
      try {
        const reranker = rerankers.find((candidate) => candidate.name === name);
        if (!reranker) {
          throw new FootnoteError(
            "configuration_invalid",
            `No reranker named ${name} is configured; set it up or choose another pipeline.`,
          );
        }
        const { scores, readings = {} } = await reranker.rerank({ tenantId, query, candidates: hits, signal });
        for (const [reading, values] of [
          [name, scores] as const,
          ...Object.entries(readings).map(([key, values]) => [`${name}.${key}`, values] as const),
        ]) {
          if (values.length !== hits.length || values.some((value) => value !== null && !Number.isFinite(value))) {
            throw new FootnoteError("rerank_failed", `Reranker ${name} did not return one finite score per candidate; try again.`);
          }
          features[reading] = values;
        }
        if (scores.every((score) => score === null)) {
          throw new FootnoteError("rerank_failed", `Reranker ${name} has no score for any candidate; index the collection again.`);
        }
      } catch (error) {
        throwIfAborted(signal);
        failed.push(toFootnoteError(error));
      }
    }),
  );
  return { features, failed };
}
