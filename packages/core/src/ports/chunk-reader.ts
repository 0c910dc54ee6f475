import type { LocatedChunk } from "../document.ts";
import type { ChunkId, TenantId, VersionId } from "../ids.ts";

/** Reads chunk content under the tenant's row-level security; ids the tenant may not see are simply not in the result. */
export interface ChunkReader {
  read(request: { tenantId: TenantId; chunkIds: readonly ChunkId[]; signal?: AbortSignal }): Promise<Map<ChunkId, LocatedChunk>>;
  /** Chunks of one version with ordinals in `from…to` inclusive, in order. */
  range(request: { tenantId: TenantId; versionId: VersionId; from: number; to: number; signal?: AbortSignal }): Promise<LocatedChunk[]>;
}
