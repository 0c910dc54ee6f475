import type { ScoredChunk } from "../search.ts";
import type { IndexScope } from "./vector-index.ts";

/** A text as the lexical index sees it. Parallel arrays; ids are 1…2^30 from the analyzer's hash, ascending, distinct. */
export interface AnalyzedText {
  termIds: number[];
  frequencies: number[];
  /** Number of tokens, repeats counted. */
  length: number;
}

/** Text → terms; the same function at ingest and at query time. Pure. */
export interface LexicalAnalyzer {
  readonly language: string;
  readonly version: number;
  analyze(text: string): AnalyzedText;
  /** The terms as words, for highlighting and extractive answers, in text order with their spans. */
  terms(text: string): { term: string; start: number; end: number }[];
}

export interface LexicalSearchRequest extends IndexScope {
  query: AnalyzedText;
  limit: number;
  signal?: AbortSignal;
}

export interface LexicalIndex {
  readonly capabilities: {
    /** Whether documents can be added and removed after the index was built. Default true. */
    mutable: boolean;
  };
  /** The `limit` best live chunks by BM25 (Lucene's variant, k1 1.2, b 0.75, statistics of the collection), best first, all above 0. */
  search(request: LexicalSearchRequest): Promise<ScoredChunk[]>;
}
