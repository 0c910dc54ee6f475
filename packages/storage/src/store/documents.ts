import type {
  Attribution,
  Chunk,
  CollectionId,
  DocumentId,
  DocumentJobRecord,
  DocumentRecord,
  Metadata,
  TenantId,
  VersionId,
} from "@footnote/core";
import type { PageRequest, PageResult } from "./paging.ts";
import type { VersionRecord } from "./versions.ts";

export interface DocumentToPut {
  collectionId: CollectionId;
  externalId: string;
  sha256: string;
  sizeBytes: number;
  /** They are put into `blobs`; no erasure of the same bytes that runs at this moment can take them away. Absent: the caller put them. */
  bytes?: Uint8Array;
  mediaType: string;
  fileName?: string;
  title?: string;
  metadata?: Metadata;
  access?: string[];
  by: Attribution;
}

export interface DocumentRepository {
  /** One transaction: document, version, job, outbox row; the bytes are in `blobs` before. Same bytes as the live version, same title, metadata and access: still a job, which finds everything reusable. */
  put(tenantId: TenantId, document: DocumentToPut): Promise<{ document: DocumentRecord; version: VersionRecord; job: DocumentJobRecord }>;
  get(tenantId: TenantId, id: DocumentId): Promise<DocumentRecord | null>;
  list(tenantId: TenantId, collectionId: CollectionId, page: PageRequest): Promise<PageResult<DocumentRecord>>;
  /** Null when the version is unknown, not of this document, or has no text yet. Default version: the live one. */
  text(tenantId: TenantId, id: DocumentId, versionId?: VersionId): Promise<{ text: string; version: VersionRecord } | null>;
  chunks(tenantId: TenantId, id: DocumentId, page: PageRequest & { versionId?: VersionId }): Promise<PageResult<Chunk> | null>;
  /** Marks it `deleting` (readers no longer see it) and writes the deletion job. */
  requestDeletion(tenantId: TenantId, id: DocumentId, by: Attribution): Promise<DocumentJobRecord | null>;
  /** Removes rows, vectors, postings, token vectors, idempotency bodies; redacts answers and conversations that quote it; then unreferenced blobs. Idempotent; returns the receipt. */
  erase(tenantId: TenantId, id: DocumentId, by: Attribution): Promise<Record<string, number>>;
}
