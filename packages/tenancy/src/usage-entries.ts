import type { Cost, HitRanks, ModelCall, Usage } from "@footnote/core";
import type { UsageEntry } from "@footnote/storage";

/** Ledger rows of a search: the query's embedding, the reranking when one took place, and what a model made of the query. Local models cost nothing and are counted all the same. */
export function searchUsage(request: {
  requestId: string;
  embedder: string;
  embeddedTokens: number;
  reranker: string | null;
  hits: readonly { ranks: HitRanks; chunk: { tokenCount: number } }[];
  /** Default: none. */
  modelCalls?: readonly ModelCall[];
}): UsageEntry[] {
  const { requestId, embedder, embeddedTokens, reranker, hits, modelCalls = [] } = request;
  const base = { requestId, kind: "search", outputTokens: 0, costUsd: "0" } as const;
  const reranked = hits.filter((hit) => hit.ranks.rerank !== undefined);
  return [
    { ...base, stage: "embed", model: embedder, inputTokens: embeddedTokens },
    ...(reranker !== null && reranked.length > 0
      ? [{ ...base, stage: "rerank", model: reranker, inputTokens: reranked.reduce((sum, hit) => sum + hit.chunk.tokenCount, 0) }]
      : []),
    ...modelCalls.map(({ step, model, promptTokens, completionTokens, usd }): UsageEntry => ({
      requestId,
      kind: "search",
      stage: step,
      model,
      inputTokens: promptTokens,
      outputTokens: completionTokens,
      costUsd: decimal(usd),
    })),
  ];
}

/** Ledger rows of an answer: what its searches used, and the generation. */
export function answerUsage(request: { requestId: string; searches: readonly UsageEntry[]; usage: Usage; cost: Cost }): UsageEntry[] {
  const { requestId, searches, usage, cost } = request;
  return [
    ...searches.map((entry): UsageEntry => ({ ...entry, kind: "answer" })),
    ...(usage.embeddedTokens > 0
      ? [
          {
            requestId,
            kind: "answer" as const,
            stage: "embed",
            model: usage.model,
            inputTokens: usage.embeddedTokens,
            outputTokens: 0,
            costUsd: decimal(cost.embed),
          },
        ]
      : []),
    {
      requestId,
      kind: "answer",
      stage: "generate",
      model: usage.model,
      inputTokens: usage.promptTokens,
      outputTokens: usage.completionTokens,
      costUsd: decimal(cost.generate),
    },
  ];
}

/** A dollar amount without an exponent. */
function decimal(amount: number): string {
  return amount === 0 ? "0" : amount.toFixed(12).replace(/\.?0+$/, "");
}
