import { type PipelineSpec, type PipelineSpecInput, pipelineSpecSchema, type shippedPipelineNames } from "@footnote/core";
import { analyzerVersion } from "./analysis/analyzer.ts";

const index: PipelineSpecInput["index"] = {
  chunker: { strategy: "structure", maxTokens: 200, overlapTokens: 0, windowSentences: 2 },
  space: "minilm_l6_v2_int8_384",
  context: { title: true, headingPath: true },
  analyzer: { language: "en", version: analyzerVersion },
};

const answer: PipelineSpecInput["answer"] = {
  model: "extractive",
  formulas: "extractive@1",
  prompt: "cited-answer@1",
  maxSentences: 4,
  minSupport: 0.5,
  caps: { modelCalls: 4, tokens: 20_000, wallClockMs: 120_000, usd: 0.5 },
};

/** What a collection gets that names no pipeline: the best of docs/quality.md. */
const byDefault: PipelineSpec = pipelineSpecSchema.parse({
  name: "default",
  version: 1,
  index,
  spelling: "corrected",
  candidates: { dense: 100, lexical: 100 },
  fusion: { type: "convex", lexicalWeight: 0.3 },
  reranker: { type: "learned-linear", weights: "fusion@1", candidates: 50 },
  topK: 5,
  packing: { strategy: "neighbours", maxTokens: 2_000 },
  answer,
} satisfies PipelineSpecInput);

/**
 * Dense + BM25 → RRF (k = 60) → rerank the 50 best → 5. By late interaction: the cross-encoder made here orders worse on questions that it was not
 * trained for (docs/decisions/0085); the weight is the best of 0.3, 0.5, 0.7 and 1 on the training questions.
 */
const hybridRrfRerank: PipelineSpec = pipelineSpecSchema.parse({
  name: "hybrid-rrf-rerank",
  version: 1,
  index,
  candidates: { dense: 100, lexical: 100 },
  fusion: { type: "rrf", k: 60 },
  reranker: { type: "late-interaction", candidates: 50, weight: 0.7 },
  topK: 5,
  packing: { strategy: "neighbours", maxTokens: 2_000 },
  answer,
} satisfies PipelineSpecInput);

/** The shipped pipelines by name. Both have the same `index` part, so that every collection can serve both. */
export const pipelines: Readonly<Record<(typeof shippedPipelineNames)[number], PipelineSpec>> = {
  default: byDefault,
  "hybrid-rrf-rerank": hybridRrfRerank,
};
