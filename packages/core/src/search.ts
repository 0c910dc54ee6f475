import type { LocatedChunk } from "./document.ts";
import type { JsonPrimitive } from "./json.ts";

/** One condition on a metadata field. A bare scalar means `eq`. A list-valued field matches when any element does. */
export type FilterCondition =
  | JsonPrimitive
  | {
      eq?: JsonPrimitive;
      ne?: JsonPrimitive;
      in?: JsonPrimitive[];
      nin?: JsonPrimitive[];
      gt?: number | string;
      gte?: number | string;
      lt?: number | string;
      lte?: number | string;
      exists?: boolean;
    };

/** All fields must match. */
export type MetadataFilter = Record<string, FilterCondition>;

/** 1-based ranks in each leg that returned the chunk. */
export interface HitRanks {
  dense?: number;
  lexical?: number;
  rerank?: number;
}

export interface HitScores {
  dense?: number;
  lexical?: number;
  fusion?: number;
  rerank?: number;
}

export interface Hit {
  chunk: LocatedChunk;
  score: number;
  ranks: HitRanks;
  /** Raw scores of each step: cosine, BM25, fused, reranker's own. */
  scores: HitScores;
}

/** A part of the system that did less than asked, and what it did instead. */
export interface Degradation {
  step: "dense" | "lexical" | "rerank" | "transform" | "pack" | "generate";
  reason: string;
  fallback: string;
}

/** Wall-clock milliseconds per step. */
export type Timings = Record<string, number>;

export interface SearchResult {
  hits: Hit[];
  timings: Timings;
  degraded: Degradation[];
}
