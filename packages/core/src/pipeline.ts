import { z } from "zod";
import { sha256 } from "./hash.ts";
import { canonicalJson } from "./json.ts";

const chunker = z.strictObject({
  strategy: z.enum(["recursive", "structure", "sentence-window"]),
  /** Upper bound of a chunk in tokens of the embedder. */
  maxTokens: z.int().min(16).max(2048),
  /** Tokens repeated from the chunk before; below half of maxTokens. */
  overlapTokens: z.int().min(0).max(1024),
  /** sentence-window only: sentences on each side that are embedded with the chunk but not cited. */
  windowSentences: z.int().min(0).max(10).default(2),
});

const reranker = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("none") }),
  z.strictObject({
    type: z.literal("late-interaction"),
    candidates: z.int().min(1).max(200),
    /** Share of the reranker in the final score; the rest is the fused score. Both are standardised per query. 1 = reranker alone. */
    weight: z.number().min(0).max(1),
  }),
  z.strictObject({
    type: z.literal("cross-encoder"),
    /** Name of a model folder the embedding package can load. */
    model: z.string(),
    candidates: z.int().min(1).max(200),
    weight: z.number().min(0).max(1),
  }),
]);

/**
 * Everything that can change an answer, and nothing else. `index` is what a collection was built with: a request may
 * choose another pipeline only where that part is equal.
 */
export const pipelineSpecSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  version: z.int().min(1),
  index: z.strictObject({
    chunker,
    /** Name of an embedding space. */
    space: z.string(),
    /** What is put before a chunk's text for embedding and lexical indexing; never cited. */
    context: z.strictObject({ title: z.boolean(), headingPath: z.boolean() }),
    /** BCP 47 primary subtag of the stemmer and stop words. */
    analyzer: z.strictObject({ language: z.string(), version: z.int().min(1) }),
  }),
  /** Results asked of each leg. */
  candidates: z.strictObject({ dense: z.int().min(0).max(1000), lexical: z.int().min(0).max(1000) }),
  fusion: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("rrf"), k: z.int().min(1) }),
    z.strictObject({ type: z.literal("convex"), lexicalWeight: z.number().min(0).max(1) }),
  ]),
  reranker,
  /** Sources given to the answer. */
  topK: z.int().min(1).max(50),
  packing: z.strictObject({ strategy: z.enum(["none", "neighbours"]), maxTokens: z.int().min(64).max(32_768) }),
  answer: z.strictObject({
    /** `extractive`, or the name of a configured language model. */
    model: z.string(),
    prompt: z.string(),
    maxSentences: z.int().min(1).max(20),
    /** Calibrated support in 0…1 below which the answer abstains. */
    minSupport: z.number().min(0).max(1),
    caps: z.strictObject({ modelCalls: z.int().min(1), tokens: z.int().min(1), wallClockMs: z.int().min(1), usd: z.number().min(0) }),
  }),
});

export type PipelineSpec = z.infer<typeof pipelineSpecSchema>;
export type ChunkerSpec = PipelineSpec["index"]["chunker"];
export type RerankerSpec = PipelineSpec["reranker"];

/** SHA-256 of the canonical JSON of a spec, without its name and version: equal behaviour, equal hash. */
export function pipelineHash(spec: PipelineSpec): string {
  const { name: _name, version: _version, ...behaviour } = spec;
  return sha256(canonicalJson(behaviour));
}

/** Hash of the index-time part: two pipelines can serve one collection only when these are equal. */
export function indexHash(spec: PipelineSpec): string {
  return sha256(canonicalJson(spec.index));
}
