import { z } from "zod";

// What the sidecar in services/ragas takes and gives; a test compares these shapes with its openapi.json. Names are ragas's own.

export const ragasMetricNames = [
  "faithfulness",
  "answer_relevancy",
  "context_precision",
  "context_utilization",
  "context_recall",
  "answer_correctness",
  "non_llm_context_precision",
  "non_llm_context_recall",
  "id_based_context_precision",
  "id_based_context_recall",
  "non_llm_string_similarity",
  "bleu_score",
  "rouge_score",
  "chrf_score",
  "exact_match",
  "string_present",
  "quoted_spans_alignment",
] as const;
export const ragasMetricSchema = z.enum(ragasMetricNames);
export type RagasMetric = z.infer<typeof ragasMetricSchema>;

const texts = z.array(z.string()).nullish();
const ids = z.array(z.string().max(200)).nullish();
export const ragasSampleSchema = z.strictObject({
  id: z.string().max(200).nullish(),
  user_input: z.string().nullish(),
  response: z.string().nullish(),
  reference: z.string().nullish(),
  retrieved_contexts: texts,
  reference_contexts: texts,
  retrieved_context_ids: ids,
  reference_context_ids: ids,
});
/** One question with what was answered and retrieved; which fields a metric needs, the sidecar's `/v1/metrics` says. */
export type RagasSample = z.infer<typeof ragasSampleSchema>;

export const ragasReasonCodes = [
  "not_a_number",
  "out_of_range",
  "timeout",
  "judge_unreachable",
  "judge_rejected",
  "judge_rate_limited",
  "judge_failed",
  "judge_output_invalid",
  "metric_failed",
] as const;
const ragasScoreSchema = z.object({
  /** −1…1; only the cosines of embeddings fall below 0. */
  value: z.number().nullable(),
  /** Why there is no value. */
  reason: z.object({ code: z.enum(ragasReasonCodes), message: z.string() }).nullish(),
});

export const ragasResultsSchema = z.object({
  results: z.array(
    z.object({
      id: z.string().nullable(),
      scores: z.partialRecord(ragasMetricSchema, ragasScoreSchema),
    }),
  ),
  usage: z.object({
    judge_calls: z.int().default(0),
    embedding_calls: z.int().default(0),
    prompt_tokens: z.int().default(0),
    completion_tokens: z.int().default(0),
  }),
  versions: z.object({
    service: z.string(),
    ragas: z.string(),
    judge_model: z.string().nullable(),
    embeddings_model: z.string().nullable(),
  }),
  seconds: z.number(),
});
/** Scores of each sample, in the order of the request. */
export type RagasResults = z.infer<typeof ragasResultsSchema>;
export type RagasUsage = RagasResults["usage"];

export const ragasMetricListSchema = z.object({
  data: z.array(
    z.object({
      name: ragasMetricSchema,
      fields: z.array(ragasSampleSchema.omit({ id: true }).keyof()),
      judge: z.boolean(),
      embeddings: z.boolean(),
      /** Whether the models that it needs are configured. */
      available: z.boolean(),
    }),
  ),
  versions: ragasResultsSchema.shape.versions,
});
export type RagasMetricList = z.infer<typeof ragasMetricListSchema>;

export const ragasReadinessSchema = z.object({
  status: z.enum(["ready", "not_ready"]),
  dependencies: z.partialRecord(
    z.enum(["judge", "embeddings"]),
    z.object({ status: z.enum(["ok", "failed", "not_configured"]), latency_ms: z.number().nullable(), detail: z.string() }),
  ),
});
export type RagasReadiness = z.infer<typeof ragasReadinessSchema>;

export const ragasProblemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.enum([
    "invalid_request",
    "malformed_json",
    "unsupported_media_type",
    "unauthorized",
    "not_found",
    "method_not_allowed",
    "body_too_large",
    "too_many_samples",
    "judge_not_configured",
    "embeddings_not_configured",
    "judge_unreachable",
    "judge_rejected",
    "overloaded",
    "timeout",
    "internal",
  ]),
  detail: z.string(),
  requestId: z.string(),
  errors: z.array(z.object({ path: z.array(z.union([z.string(), z.int()])), code: z.string(), message: z.string() })).nullish(),
});
export type RagasProblem = z.infer<typeof ragasProblemSchema>;
