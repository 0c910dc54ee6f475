import type { ChunkDraft, ChunkId, CollectionId, DocumentId, ParsedDocument, TenantId, VersionId, JobId } from "@footnote/core";

export type VersionState = "pending" | "parsed" | "chunked" | "embedded" | "indexed" | "live" | "superseded" | "failed" | "cancelled";

export interface VersionRecord {
  id: VersionId;
  documentId: DocumentId;
  collectionId: CollectionId;
  number: number;
  state: VersionState;
  /** SHA-256 of the original bytes: the blob's address. */
  sha256: string;
  sizeBytes: number;
  mediaType: string;
  fileName: string | null;
  title: string | null;
  language: string | null;
  createdAt: Date;
  liveAt: Date | null;
}

/** A chunk on its way in. */
export interface ChunkToStore {
  draft: ChunkDraft;
  /** SHA-256 of the exact embedded input. */
  inputSha256: string;
}

/** A chunk that an index still lacks. */
export interface PendingChunk {
  chunkId: ChunkId;
  ordinal: number;
  inputSha256: string;
  text: string;
  headingPath: string[];
  contextText: string;
}

export interface VersionRepository {
  get(tenantId: TenantId, id: VersionId): Promise<VersionRecord | null>;
  saveParsed(tenantId: TenantId, id: VersionId, parsed: ParsedDocument): Promise<void>;
  loadParsed(tenantId: TenantId, id: VersionId): Promise<ParsedDocument | null>;
  /** Replaces whatever chunks the version had, and takes their entries out of the indexes; not live yet. In batches; idempotent by ordinal. */
  saveChunks(tenantId: TenantId, id: VersionId, chunks: readonly ChunkToStore[]): Promise<void>;
  /** Copies vectors that the tenant already has in this space for equal inputs; returns how many chunks got theirs. */
  reuseVectors(tenantId: TenantId, id: VersionId, space: string): Promise<number>;
  /** Chunks without a vector in this space, or (null) without an entry in the lexical index, in order. */
  pendingChunks(tenantId: TenantId, id: VersionId, space: string | null, limit: number): Promise<PendingChunk[]>;
  /** How many chunks the version has, and how many of them `pendingChunks` has still to give. */
  countChunks(tenantId: TenantId, id: VersionId, space: string | null): Promise<{ total: number; pending: number }>;
  /** Every chunk of the version has its vectors, or is in every index: its checkpoint. */
  reach(tenantId: TenantId, id: VersionId, state: "embedded" | "indexed"): Promise<void>;
  /** The atomic flip: the new version becomes live, the old one's index rows go, statistics change, old versions beyond retention that no answer cites are removed. A version older than the live one is superseded instead. Fails with `embedding_invalid` when a chunk lacks its vector in one of the spaces, with `storage_failed` when it is not in the lexical index. */
  publish(tenantId: TenantId, id: VersionId, spaces: string | readonly string[]): Promise<{ published: boolean }>;
  /** Ends a version that will not become live and drops its partial rows; nothing where `heldBy`, a running job under its lease, is in other hands by now. */
  abandon(
    tenantId: TenantId,
    id: VersionId,
    outcome: { state: "failed" | "cancelled"; error: { code: string; message: string }; heldBy?: { jobId: JobId; lease: string } },
  ): Promise<void>;
}
