import type { CollectionId, DocumentId, JobId, RunId, TenantId, VersionId } from "./ids.ts";

export type JobState = "queued" | "running" | "succeeded" | "failed" | "cancelled" | "dead";
export type JobKind = JobRecord["kind"];
/** Stages in order; each is a checkpoint. */
export type JobStage = "queued" | "parse" | "chunk" | "embed" | "index" | "publish" | "erase" | "evaluate" | "done";

interface AnyJobRecord {
  id: JobId;
  state: JobState;
  stage: JobStage;
  /** 0…1; goes back only where somebody asks for the job to be retried. */
  progress: number;
  attempts: number;
  maxAttempts: number;
  error: { code: string; message: string } | null;
  /** A deletion's receipt: what was removed, per store. */
  result: Record<string, number> | null;
  cancelRequested: boolean;
  collectionId: CollectionId;
  heartbeatAt: Date | null;
  runAfter: Date | null;
  createdAt: Date;
  updatedAt: Date;
  finishedAt: Date | null;
}
export interface DocumentJobRecord extends AnyJobRecord {
  kind: "ingest" | "delete";
  documentId: DocumentId;
  versionId: VersionId | null;
  runId: null;
}
/** Asks the questions of a run. */
export interface EvaluationJobRecord extends AnyJobRecord {
  kind: "evaluate";
  documentId: null;
  versionId: null;
  runId: RunId;
}
export type JobRecord = DocumentJobRecord | EvaluationJobRecord;

/** A turn of an evaluation's job. */
export interface EvaluationWork {
  tenantId: TenantId;
  runId: RunId;
  signal: AbortSignal;
  /** Share of its questions that have their result. */
  progress(share: number): Promise<void>;
  /** True when others should have a turn: then it ends with `more`. */
  isOver(): boolean;
}
