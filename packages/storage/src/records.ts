import { FootnoteError, pipelineSpecSchema } from "@footnote/core";
import type {
  Box,
  Chunk,
  ChunkId,
  CollectionId,
  DocumentId,
  DocumentJobRecord,
  DocumentRecord,
  DocumentState,
  EvaluationJobRecord,
  JobId,
  JobKind,
  JobRecord,
  JobStage,
  JobState,
  LocatedChunk,
  Metadata,
  PipelineSpec,
  RunId,
  TenantId,
  VersionId,
} from "@footnote/core";
import type { VersionRecord, VersionState } from "./store/versions.ts";

/** Rows as SQL gives them, one interface per select list, and their records. */
type Problem = { code: string; message: string };

export interface DocumentRow {
  tenant_id: TenantId;
  id: DocumentId;
  collection_id: CollectionId;
  external_id: string;
  title: string | null;
  metadata: Metadata;
  access: string[];
  media_type: string;
  language: string | null;
  size_bytes: number;
  state: DocumentState;
  error: Problem | null;
  version_id: VersionId | null;
  newest_version_id: VersionId;
  created_at: Date;
  updated_at: Date;
}
export const documentColumns =
  "tenant_id, id, collection_id, external_id, title, metadata, access, media_type, language, size_bytes::float8 as size_bytes, state, error, version_id, newest_version_id, created_at, updated_at";
export const toDocument = (row: DocumentRow): DocumentRecord => ({
  id: row.id,
  tenantId: row.tenant_id,
  collectionId: row.collection_id,
  externalId: row.external_id,
  title: row.title,
  metadata: row.metadata,
  access: row.access,
  mediaType: row.media_type,
  state: row.state,
  versionId: row.version_id,
  sizeBytes: row.size_bytes,
  language: row.language,
  error: row.error,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

export interface VersionRow {
  id: VersionId;
  document_id: DocumentId;
  collection_id: CollectionId;
  number: number;
  state: VersionState;
  sha256: string;
  size_bytes: number;
  media_type: string;
  file_name: string | null;
  title: string | null;
  language: string | null;
  created_at: Date;
  live_at: Date | null;
}
export const versionColumns =
  "id, document_id, collection_id, number, state, sha256, size_bytes::float8 as size_bytes, media_type, file_name, coalesce(given_title, parsed_title) as title, language, created_at, live_at";
export const toVersion = (row: VersionRow): VersionRecord => ({
  id: row.id,
  documentId: row.document_id,
  collectionId: row.collection_id,
  number: row.number,
  state: row.state,
  sha256: row.sha256,
  sizeBytes: row.size_bytes,
  mediaType: row.media_type,
  fileName: row.file_name,
  title: row.title,
  language: row.language,
  createdAt: row.created_at,
  liveAt: row.live_at,
});

export interface JobRow {
  id: JobId;
  kind: JobKind;
  state: JobState;
  stage: JobStage;
  progress: number;
  attempts: number;
  max_attempts: number;
  error: Problem | null;
  result: Record<string, number> | null;
  cancel_requested: boolean;
  collection_id: CollectionId;
  document_id: DocumentId | null;
  version_id: VersionId | null;
  run_id: RunId | null;
  heartbeat_at: Date | null;
  run_after: Date | null;
  created_at: Date;
  updated_at: Date;
  finished_at: Date | null;
}
export const jobColumns =
  "id, kind, state, stage, progress, attempts, max_attempts, error, result, cancel_requested, collection_id, document_id, version_id, run_id, heartbeat_at, run_after, created_at, updated_at, finished_at";
export function toJob(row: JobRow): JobRecord {
  return row.kind === "evaluate" ? toEvaluationJob(row) : toDocumentJob(row);
}
export function toDocumentJob(row: JobRow): DocumentJobRecord {
  if (row.kind === "evaluate" || row.document_id === null) throw unreadableJob();
  return { ...readJob(row), kind: row.kind, documentId: row.document_id, versionId: row.version_id, runId: null };
}
export function toEvaluationJob(row: JobRow): EvaluationJobRecord {
  if (row.kind !== "evaluate" || row.run_id === null) throw unreadableJob();
  return { ...readJob(row), kind: row.kind, documentId: null, versionId: null, runId: row.run_id };
}
const unreadableJob = () =>
  new FootnoteError("storage_failed", "A stored job is about nothing that this version knows; update Footnote.", { retryable: false });
const readJob = (row: JobRow) => ({
  id: row.id,
  state: row.state,
  stage: row.stage,
  progress: row.progress,
  attempts: row.attempts,
  maxAttempts: row.max_attempts,
  error: row.error,
  result: row.result,
  cancelRequested: row.cancel_requested,
  collectionId: row.collection_id,
  heartbeatAt: row.heartbeat_at,
  runAfter: row.run_after,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  finishedAt: row.finished_at,
});

/** A stored spec with the fields that came after it was stored, at the values that leave it as it was. */
export function readSpec(stored: PipelineSpec): PipelineSpec {
  const parsed = pipelineSpecSchema.safeParse(stored);
  if (parsed.success) return parsed.data;
  throw new FootnoteError(
    "configuration_invalid",
    "A stored pipeline is not one that this version knows; update Footnote, or store it again.",
    {
      cause: parsed.error,
    },
  );
}

export interface ChunkRow {
  id: ChunkId;
  version_id: VersionId;
  ordinal: number;
  start_offset: number;
  end_offset: number;
  text: string;
  heading_path: string[];
  page: number | null;
  boxes: Box[] | null;
  token_count: number;
  context_start: number | null;
  context_end: number | null;
}
export const chunkColumns =
  "k.id, k.version_id, k.ordinal, k.start_offset, k.end_offset, k.text, k.heading_path, k.page, k.boxes, k.token_count, k.context_start, k.context_end";
export const toChunk = (row: ChunkRow): Chunk => ({
  id: row.id,
  versionId: row.version_id,
  ordinal: row.ordinal,
  start: row.start_offset,
  end: row.end_offset,
  text: row.text,
  headingPath: row.heading_path,
  tokenCount: row.token_count,
  ...(row.page === null ? {} : { page: row.page }),
  ...(row.boxes === null ? {} : { boxes: row.boxes }),
  ...(row.context_start === null || row.context_end === null ? {} : { contextSpan: { start: row.context_start, end: row.context_end } }),
});

export interface LocatedChunkRow extends ChunkRow {
  document_id: DocumentId;
  title: string | null;
  media_type: string;
  url: string | null;
}
export const toLocatedChunk = (row: LocatedChunkRow): LocatedChunk => ({
  ...toChunk(row),
  documentId: row.document_id,
  title: row.title,
  mediaType: row.media_type,
  ...(row.url === null ? {} : { url: row.url }),
});
