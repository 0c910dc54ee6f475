import type { TenantId } from "../ids.ts";
import type { Hit } from "../search.ts";

export interface RerankerCapabilities {
  maxCandidates: number;
  /** Whether it reads token vectors stored at ingest. Default false. */
  needsTokenVectors: boolean;
}

export interface RerankRequest {
  tenantId: TenantId;
  query: string;
  candidates: readonly Hit[];
  signal?: AbortSignal;
}

export interface Reranker {
  readonly name: string;
  readonly capabilities: RerankerCapabilities;
  /**
   * One score per candidate, in their order; greater is better; null where it has none. Throws `rerank_failed`.
   * `readings`: what else it read off each candidate, by name, for learned fusion. Default: none.
   */
  rerank(request: RerankRequest): Promise<{ scores: (number | null)[]; readings?: Record<string, (number | null)[]> }>;
}
