import type { LocatedChunk } from "./document.ts";
import type { ChunkId } from "./ids.ts";
import type { JsonPrimitive } from "./json.ts";

export interface ScoredChunk {
  chunkId: ChunkId;
  score: number;
}

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
  step: "dense" | "lexical" | "rerank" | "spelling" | "transform" | "diversify" | "pack" | "generate";
  reason: string;
  fallback: string;
}

/** Wall-clock milliseconds per step. */
export type Timings = Record<string, number>;

/** A word of a question in the spelling that was searched. Letters alone. */
export interface Correction {
  from: string;
  to: string;
}

/** What each step of one search was given and gave, by ids and scores: no text of documents. */
export interface SearchTrace {
  /** As it was searched, after normalising and with its spelling corrected. */
  query: string;
  /** Words that were searched in another spelling. Default: none. */
  corrections?: Correction[];
  /** The terms that the lexical leg looked for. */
  terms: string[];
  /** In the order in which they were fused, each best first; a leg that was not asked, or failed, is not there. */
  legs: {
    leg: "dense" | "lexical";
    /** Where a transform made it of the query. */
    query?: string;
    results: ScoredChunk[];
  }[];
  fused: ScoredChunk[];
  /** What the router switched off or over for this question. Default: nothing. */
  routed?: ("by-words" | "unreranked" | "small-model")[];
  /** Made up by a model, searched by meaning besides the query. Default: none. */
  passages?: string[];
  /** What each reranker that was asked read off its candidates. */
  readings?: { reranker: string; chunkIds: ChunkId[]; scores: (number | null)[]; readings: Record<string, (number | null)[]> }[];
  /** The reranker's own score of each candidate, and the order that came of it. */
  reranked?: { reranker: string; scores: { chunkId: ChunkId; score: number | null }[]; order: ScoredChunk[] };
  /** The order after diversity was sought. */
  diversified?: ChunkId[];
}

export interface SearchResult {
  hits: Hit[];
  timings: Timings;
  degraded: Degradation[];
  /** What the steps gave, for the trace of an answer; not for clients of a search. */
  trace?: SearchTrace;
}
