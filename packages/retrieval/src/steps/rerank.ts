import { FootnoteError, type Reranker, throwIfAborted } from "@footnote/core";
import { boundOf } from "../fusion/convex.ts";
import { learnedWeights } from "../fusion/learned-weights.ts";
import { rerankHits, rerankerName } from "../rerank-hits.ts";
import { type LearnedResult, rerankLearned } from "../rerank-learned.ts";
import type { OptionalStep } from "../run-steps.ts";
import { degradation, type Findings, legLimit, type SearchContext } from "../search-context.ts";

type Readings = NonNullable<Findings["readings"]>;

export const rerank: OptionalStep = {
  name: "rerank",
  applies: ({ spec, hits }) => spec.reranker.type !== "none" && hits.length > 0,
  deadline: { what: "reranking", timeout: "rerankMs" },
  fallback: "fused order",
  async run(context, signal) {
    const name = rerankerName(context.spec.reranker) ?? "";
    const readings: Readings = [];
    const { hits, failed } = await reordered(context, readings, signal);
    // Given up meanwhile: what is not used is not counted.
    throwIfAborted(signal);
    const ranked = hits.filter((hit) => hit.ranks.rerank !== undefined);
    if (ranked.length > 0) {
      context.meter.read(
        "rerank",
        name,
        ranked.reduce((sum, { chunk }) => sum + chunk.tokenCount, 0),
      );
    }
    return {
      hits,
      readings,
      reranked: {
        reranker: name,
        scores: ranked.map((hit) => ({ chunkId: hit.chunk.id, score: hit.scores.rerank ?? null })),
        order: hits.map((hit) => ({ chunkId: hit.chunk.id, score: hit.score })),
      },
      degraded: [...context.degraded, ...failed.map((error) => degradation("rerank", error, "the other features"))],
    };
  },
};

async function reordered(context: SearchContext, readings: Readings, signal: AbortSignal): Promise<LearnedResult> {
  const { parts, tenantId, query, hits, analyzer, spec } = context;
  if (spec.reranker.type === "none") return { hits: [...hits], failed: [] };
  const rerankers = (parts.rerankers ?? []).map((reranker) => notingReranker(reranker, readings));
  if (spec.reranker.type !== "learned-linear") {
    return { hits: await rerankHits({ tenantId, query, hits, spec: spec.reranker, rerankers, signal }), failed: [] };
  }
  const weights = learnedWeights(spec.reranker.weights);
  if (!weights) {
    throw new FootnoteError(
      "configuration_invalid",
      `There are no fusion weights named ${spec.reranker.weights}; choose another pipeline.`,
    );
  }
  const missing = { dense: missingFrom(context, "dense"), lexical: missingFrom(context, "lexical") };
  return await rerankLearned({ tenantId, query, hits, count: spec.reranker.candidates, weights, analyzer, missing, rerankers, signal });
}

/** The most that a hit can have which a leg did not return. */
function missingFrom(context: SearchContext, leg: "dense" | "lexical"): number {
  return boundOf({ results: context[leg]?.[0] ?? [], limit: legLimit(context, leg) });
}

/** A reranker that notes what it read, for the trace. */
function notingReranker(reranker: Reranker, into: Readings): Reranker {
  return {
    ...reranker,
    async rerank(request) {
      const result = await reranker.rerank(request);
      const chunkIds = request.candidates.map(({ chunk }) => chunk.id);
      into.push({ reranker: reranker.name, chunkIds, scores: result.scores, readings: result.readings ?? {} });
      return result;
    },
  };
}
