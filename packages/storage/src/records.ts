import {
  FootnoteError,
  pipelineSpecSchema,
  type Chunk,
  type DocumentJobRecord,
  type EvaluationJobRecord,
  type JobRecord,
  type PipelineSpec,
} from "@footnote/core";
import { getTableColumns, sql } from "drizzle-orm";
import { type chunks, documentVersions } from "./schema/documents.ts";
import { jobs } from "./schema/work.ts";

export const versionColumns = {
  id: documentVersions.id,
  documentId: documentVersions.documentId,
  collectionId: documentVersions.collectionId,
  number: documentVersions.number,
  state: documentVersions.state,
  sha256: documentVersions.sha256,
  sizeBytes: documentVersions.sizeBytes,
  mediaType: documentVersions.mediaType,
  fileName: documentVersions.fileName,
  title: sql<string | null>`coalesce(${documentVersions.givenTitle}, ${documentVersions.parsedTitle})`.as("title"),
  language: documentVersions.language,
  createdAt: documentVersions.createdAt,
  liveAt: documentVersions.liveAt,
};

const { tenantId: _tenantId, lease: _lease, ...shownJobColumns } = getTableColumns(jobs);
export const jobColumns = shownJobColumns;
export type JobRow = Omit<typeof jobs.$inferSelect, "tenantId" | "lease">;

export function toJob(row: JobRow): JobRecord {
  return row.kind === "evaluate" ? toEvaluationJob(row) : toDocumentJob(row);
}
export function toDocumentJob({ kind, documentId, ...row }: JobRow): DocumentJobRecord {
  if (kind === "evaluate" || documentId === null) throw unreadableJob();
  return { ...row, kind, documentId, runId: null };
}
export function toEvaluationJob({ kind, runId, ...row }: JobRow): EvaluationJobRecord {
  if (kind !== "evaluate" || runId === null) throw unreadableJob();
  return { ...row, kind, documentId: null, versionId: null, runId };
}
const unreadableJob = () =>
  new FootnoteError("storage_failed", "A stored job is about nothing that this version knows; update Footnote.", { retryable: false });

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

export const toChunk = (row: typeof chunks.$inferSelect): Chunk => ({
  id: row.id,
  versionId: row.versionId,
  ordinal: row.ordinal,
  start: row.startOffset,
  end: row.endOffset,
  text: row.text,
  headingPath: row.headingPath,
  tokenCount: row.tokenCount,
  ...(row.page === null ? {} : { page: row.page }),
  ...(row.boxes === null ? {} : { boxes: row.boxes }),
  ...(row.contextStart === null || row.contextEnd === null ? {} : { contextSpan: { start: row.contextStart, end: row.contextEnd } }),
});
