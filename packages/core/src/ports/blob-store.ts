import type { TenantId } from "../ids.ts";

/** Bytes addressed by tenant and SHA-256. Writing the same bytes twice stores them once. */
export interface BlobStore {
  put(request: { tenantId: TenantId; bytes: Uint8Array; signal?: AbortSignal }): Promise<{ sha256: string; sizeBytes: number }>;
  /** Null when the blob is not there. */
  get(request: { tenantId: TenantId; sha256: string; signal?: AbortSignal }): Promise<Uint8Array | null>;
  /** False when the blob was not there. */
  delete(request: { tenantId: TenantId; sha256: string; signal?: AbortSignal }): Promise<boolean>;
  list(request: { tenantId: TenantId; signal?: AbortSignal }): AsyncIterable<{ sha256: string; sizeBytes: number }>;
}
