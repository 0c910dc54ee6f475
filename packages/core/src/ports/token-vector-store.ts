import type { ChunkId, TenantId } from "../ids.ts";

/** Compressed token vectors of chunks, written at ingest, read by the late-interaction reranker. */
export interface TokenVectorStore {
  read(request: {
    tenantId: TenantId;
    space: string;
    chunkIds: readonly ChunkId[];
    signal?: AbortSignal;
  }): Promise<Map<ChunkId, Uint8Array>>;
}
