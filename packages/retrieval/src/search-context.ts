import type {
  AnalyzedText,
  ChunkId,
  ChunkReader,
  Correction,
  Degradation,
  Embedder,
  FootnoteError,
  Hit,
  IndexScope,
  LanguageModel,
  LexicalAnalyzer,
  LexicalIndex,
  PipelineSpec,
  Reranker,
  ScoredChunk,
  SearchTrace,
  TenantId,
  UsageMeter,
  VectorIndex,
  VectorReader,
} from "@footnote/core";

/** What the steps work with; the same for every search of a retriever. */
export interface RetrieverParts {
  /** The embedder of a space; undefined where this process has none for it. */
  embedderFor(space: string): Embedder | undefined;
  lexical: LexicalIndex;
  dense: VectorIndex;
  chunks: ChunkReader;
  /** Found by `rerankerName(spec.reranker)`; a spec whose reranker is not here serves in fused order and says so. Default: none. */
  rerankers?: readonly Reranker[];
  /** Where stored vectors are read for diversity; without it a spec that asks for diversity is served without and says so. */
  vectors?: VectorReader;
  /** The model that a query transform names, for the tenant that asks; without it the question is searched as it is, and the result says so. */
  modelNamed?(tenantId: TenantId, name: string): LanguageModel | undefined;
  /** Whether a lower-case word is one of general language. Default: nobody knows, and no spelling is corrected. */
  isWord?(word: string): boolean;
}

/** What the steps have found so far. */
export interface Findings {
  /** The question as it is searched: normalised, its spelling corrected. */
  query: string;
  corrections: Correction[];
  /** What is searched, the question itself first. */
  queries: string[];
  /** Made-up passages whose vectors are averaged with the question's. */
  passages: string[];
  /** One per query. */
  vectors: Float32Array[];
  analyzed: AnalyzedText[];
  /** Results per query, each best first; null for a leg that was not asked, had nothing to look for or failed. */
  dense: ScoredChunk[][] | null;
  lexical: ScoredChunk[][] | null;
  fused: ScoredChunk[];
  /** In the order of the last step. */
  hits: Hit[];
  readings: NonNullable<SearchTrace["readings"]> | null;
  reranked: NonNullable<SearchTrace["reranked"]> | null;
  diversified: ChunkId[] | null;
  degraded: Degradation[];
}

/** One search on its way: what was asked, and what was found. Steps read it and give back what they found; none of them changes it. */
export interface SearchContext extends Readonly<Findings> {
  readonly parts: RetrieverParts;
  readonly tenantId: TenantId;
  readonly scope: IndexScope;
  /** As the router left it for this question. */
  readonly spec: PipelineSpec;
  /** Of the space that is searched. */
  readonly embedder: Embedder;
  /** The embedding space that is searched. */
  readonly space: string;
  readonly analyzer: LexicalAnalyzer;
  /** Hits wanted. */
  readonly limit: number;
  readonly meter: UsageMeter;
}

export const nothingFound: Omit<Findings, "query" | "queries"> = {
  corrections: [],
  passages: [],
  vectors: [],
  analyzed: [],
  dense: null,
  lexical: null,
  fused: [],
  hits: [],
  readings: null,
  reranked: null,
  diversified: null,
  degraded: [],
};

/** Results asked of a leg. A caller that wants more hits than the spec's candidates gets them: deeper legs do not change the top. */
export function legLimit({ spec, limit }: Pick<SearchContext, "spec" | "limit">, leg: "dense" | "lexical"): number {
  const candidates = spec.candidates[leg];
  return candidates === 0 ? 0 : Math.max(candidates, limit);
}

/** The reason is our own sentence where the error is ours; an unknown error's text could hold anything. */
export function degradation(step: Degradation["step"], error: FootnoteError, fallback: string): Degradation {
  return { step, reason: `${error.code}: ${error.message}`, fallback };
}
