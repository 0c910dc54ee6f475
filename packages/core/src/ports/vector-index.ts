import type { ChunkId, CollectionId, TenantId } from "../ids.ts";
import type { MetadataFilter, ScoredChunk } from "../search.ts";

/** Who asks, and what of the collection may be seen. Applied before top-k. */
export interface IndexScope {
  tenantId: TenantId;
  collectionId: CollectionId;
  filter?: MetadataFilter;
  /** Without any, only documents open to everyone are seen. */
  principals?: readonly string[];
}

export interface VectorSearchRequest extends IndexScope {
  /** Name of the embedding space. */
  space: string;
  vector: Float32Array;
  limit: number;
  signal?: AbortSignal;
}

export interface VectorIndex {
  readonly capabilities: {
    /** True when results never miss a neighbour. */
    exact: boolean;
  };
  /** The `limit` nearest live chunks by cosine similarity, best first; fewer only when fewer exist. */
  search(request: VectorSearchRequest): Promise<ScoredChunk[]>;
}

/** Reads stored vectors under the tenant's row-level security; chunks that have none in the space are not in the result. */
export interface VectorReader {
  read(request: {
    tenantId: TenantId;
    space: string;
    chunkIds: readonly ChunkId[];
    signal?: AbortSignal;
  }): Promise<Map<ChunkId, Float32Array>>;
}
