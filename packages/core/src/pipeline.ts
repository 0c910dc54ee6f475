import { z } from "zod";
import { sha256 } from "./hash.ts";
import { canonicalJson } from "./json.ts";

const chunker = z.strictObject({
  strategy: z.enum(["recursive", "structure", "sentence-window", "semantic"]),
  /** Upper bound of a chunk in tokens of the embedder. */
  maxTokens: z.int().min(16).max(2048),
  /** Tokens repeated from the chunk before; below half of maxTokens. */
  overlapTokens: z.int().min(0).max(1024),
  /** sentence-window only: sentences on each side that are embedded with the chunk but not cited. */
  windowSentences: z.int().min(0).max(10).default(2),
  /** semantic only: a section is cut where two neighbouring stretches are farther apart than this share of the document's neighbours, in percent. */
  breakpointPercentile: z.int().min(1).max(99).default(90),
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
  z.strictObject({
    type: z.literal("learned-linear"),
    /** Name and version of shipped weights: which features of query and candidate count, and how much. */
    weights: z.string(),
    candidates: z.int().min(2).max(200),
  }),
]);

/** What becomes of a question before it is searched. `model` is the name of a language model that completes prompts. */
const transform = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("none") }),
  /** The dense leg searches for the mean of the question's vector and those of passages that a model makes up. */
  z.strictObject({ type: z.literal("hyde"), model: z.string(), passages: z.int().min(1).max(5).default(1) }),
  /** The question and other wordings of it are searched; their fused lists are fused by reciprocal rank. */
  z.strictObject({ type: z.literal("multi-query"), model: z.string(), queries: z.int().min(1).max(5).default(3) }),
]);

/** How a question that leans on the conversation is completed before it is searched. `rules` carries content words over. */
const followUps = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("none") }),
  z.strictObject({ type: z.literal("rules") }),
  z.strictObject({ type: z.literal("model"), model: z.string() }),
]);

/** Questions that are served with less. Everything is decided by the words of the question. */
const router = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("none") }),
  z.strictObject({
    type: z.literal("rules"),
    /** A query of up to two words that look like identifiers is searched by words alone. */
    identifiersByWords: z.boolean().default(true),
    /** Up to so many words, the reranker is left out. 0: never. */
    unrerankedUpToWords: z.int().min(0).max(100).default(0),
    /** Up to so many words, `smallModel` answers. 0: never. */
    smallUpToWords: z.int().min(0).max(100).default(0),
    /** Name of a language model. */
    smallModel: z.string().nullable().default(null),
  }),
]);

const diversity = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("none") }),
  /** Maximal marginal relevance over the best `candidates`: `lambda` 1 is relevance alone. */
  z.strictObject({ type: z.literal("mmr"), lambda: z.number().min(0).max(1), candidates: z.int().min(2).max(200) }),
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
    /** More spaces that the same chunks are embedded in, so that requests can choose between them. */
    furtherSpaces: z.array(z.string()).max(3).default([]),
    /** What is put before a chunk's text for embedding and lexical indexing; never cited. `opening`: the document's first sentence. */
    context: z.strictObject({ title: z.boolean(), headingPath: z.boolean(), opening: z.boolean().default(false) }),
    /** BCP 47 primary subtag of the stemmer and stop words. */
    analyzer: z.strictObject({ language: z.string(), version: z.int().min(1) }),
  }),
  /** `corrected`: a word that is none, and that no chunk holds, is searched in the spelling of one that some chunk holds. */
  spelling: z.enum(["as-written", "corrected"]).default("as-written"),
  transform: transform.default({ type: "none" }),
  followUps: followUps.default({ type: "rules" }),
  router: router.default({ type: "none" }),
  /** The space that the dense leg searches: one of the index's. Null: `index.space`. */
  space: z.string().nullable().default(null),
  /** Results asked of each leg. */
  candidates: z.strictObject({ dense: z.int().min(0).max(1000), lexical: z.int().min(0).max(1000) }),
  fusion: z.discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("rrf"),
      k: z.int().min(1),
      /** Factors of the legs' reciprocal ranks. */
      weights: z.strictObject({ dense: z.number().min(0), lexical: z.number().min(0) }).default({ dense: 1, lexical: 1 }),
    }),
    z.strictObject({ type: z.literal("convex"), lexicalWeight: z.number().min(0).max(1) }),
  ]),
  reranker,
  diversity: diversity.default({ type: "none" }),
  /** Sources given to the answer. */
  topK: z.int().min(1).max(50),
  packing: z.strictObject({
    /**
     * What is read besides the hits: `neighbours` the chunk before and after; `sentence-window` as many on each side as the
     * chunker's window; `parent` the rest of the hit's section, up to `parentTokens`.
     */
    strategy: z.enum(["none", "neighbours", "sentence-window", "parent"]),
    maxTokens: z.int().min(64).max(32_768),
    /** parent only: the section is cut around the hit to this size. */
    parentTokens: z.int().min(64).max(8192).default(600),
  }),
  answer: z.strictObject({
    /** `extractive`, or the name of a configured language model. */
    model: z.string(),
    /** Version of the fitted formulas by which `extractive` orders sentences and tells how sure it is; other models use none. */
    formulas: z.string().default("extractive@1"),
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

/** Both have a row in every quality table. */
export const shippedPipelineNames = ["default", "hybrid-rrf-rerank"] as const;
/** What a server with a model offers beside them. */
export const generatedPipelineName = "generated";

/** Whether a name belongs to the server, configured with a model or not; a tenant's own pipeline cannot take it. */
export function isReservedPipelineName(name: string): boolean {
  return [...shippedPipelineNames, generatedPipelineName].some((reserved) => reserved === name);
}

/** A spec as it is written: what has a default may be left out. */
export type PipelineSpecInput = z.input<typeof pipelineSpecSchema>;
export type TransformSpec = PipelineSpec["transform"];

/** The space that a request of this pipeline searches. */
export function searchedSpace(spec: PipelineSpec): string {
  return spec.space ?? spec.index.space;
}

/** Every space that a collection of this pipeline is embedded in, the first one the default of its requests. */
export function indexedSpaces(spec: PipelineSpec): string[] {
  return [...new Set([spec.index.space, ...spec.index.furtherSpaces])];
}

/**
 * Fields that came after specs had been stored, with the value that leaves behaviour as it was before. A field with that value
 * is not hashed, so that what was stored without it keeps its hash. A new field of the spec has a default and a line here.
 */
const addedLater: readonly (readonly [path: string, value: unknown])[] = [
  ["index.chunker.breakpointPercentile", 90],
  ["index.furtherSpaces", []],
  ["index.context.opening", false],
  ["spelling", "as-written"],
  ["transform", { type: "none" }],
  ["followUps", { type: "rules" }],
  ["router", { type: "none" }],
  ["space", null],
  ["fusion.weights", { dense: 1, lexical: 1 }],
  ["diversity", { type: "none" }],
  ["packing.parentTokens", 600],
  // The version that everything stored without one was made under, whatever is the newest now.
  ["answer.formulas", "extractive@1"],
];

/** Names that fitted weights had before these carried their version, by the name that they have now. Specs with either hash alike. */
export const formerWeightsNames: Readonly<Record<string, string>> = {
  "fusion@1": "fusion-1",
  "fusion-without-scifact@1": "fusion-1-without-scifact",
};

/** The spec as it is hashed, from `path` on: later fields with their defaults left out, renamed weights under their former names. */
function hashed(value: unknown, path: string): unknown {
  if (path === "reranker.weights" && typeof value === "string") return formerWeightsNames[value] ?? value;
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      const at = path === "" ? key : `${path}.${key}`;
      const later = addedLater.find(([known]) => known === at);
      return later && canonicalJson(later[1]) === canonicalJson(inner) ? [] : [[key, hashed(inner, at)]];
    }),
  );
}

/** SHA-256 of the canonical JSON of a spec, without its name and version and without later fields that say nothing new: equal behaviour, equal hash. */
export function pipelineHash(spec: PipelineSpec): string {
  const { name: _name, version: _version, ...behaviour } = spec;
  return sha256(canonicalJson(hashed(behaviour, "")));
}

/** Hash of the index-time part: two pipelines can serve one collection only when these are equal. */
export function indexHash(spec: PipelineSpec): string {
  return sha256(canonicalJson(hashed(spec.index, "index")));
}
