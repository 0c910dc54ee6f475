import type { ActorRef, Attribution, CollectionId, EvaluationJobRecord, JobId, JobState, RunId, TenantId } from "@footnote/core";
import type { PageRequest, PageResult } from "./paging.ts";

interface EvalContext {
  document: string;
  start: number;
  end: number;
  text: string;
}

/** Of a result, what erasure looks at; everything else of it is kept as it is. */
export interface EvalBody {
  case: { id: string; spans: { document: string; quote: string }[]; referenceAnswer?: string };
  answer: {
    text: string;
    sentences: { text: string; citations: EvalContext[] }[];
    contexts: EvalContext[];
    ranking: EvalContext[];
  };
}

export interface EvalRunRecord {
  id: RunId;
  dataset: string;
  /** Over the cases of its split when it was begun. */
  datasetSha256: string;
  collectionId: CollectionId;
  split: string;
  pipeline: string;
  pipelineHash: string;
  /** Who began it; null for a run from before that was kept. */
  actor: ActorRef | null;
  /** Cases when it was begun, also where an erasure took some of them since. */
  caseCount: number;
  /** Cases that have their result. */
  doneCount: number;
  jobId: JobId;
  /** Its job's; `succeeded` once it is finished. */
  state: JobState;
  error: { code: string; message: string } | null;
  /** Hash of the documents, and who judged; null and empty before the first result. */
  corpus: string | null;
  judges: string[];
  /** Whether the documents at its end were others than at its beginning; false until then. */
  documentsChanged: boolean;
  /** Mean and interval of each metric in each slice, once it is finished. */
  summary: { metric: string; slice: string; mean: number; low: number; high: number; count: number }[] | null;
  createdAt: Date;
  finishedAt: Date | null;
}

export interface EvalResultRecord<B = EvalBody> {
  caseId: string;
  /** Place in its run, from 0. */
  ordinal: number;
  tags: string[];
  /** External ids of the documents whose text it shows, its case's quotes included. */
  documents: string[];
  metrics: Record<string, number | null>;
  body: B;
}

/** Runs and their results; erasing a document masks it in results. */
export interface RunRepository {
  /** Writes the run, its job and the job's outbox row. */
  createRun(
    tenantId: TenantId,
    run: { dataset: string; split: string; pipeline: string; pipelineHash: string; by: Attribution },
  ): Promise<{ run: EvalRunRecord; job: EvaluationJobRecord }>;
  getRun(tenantId: TenantId, id: RunId): Promise<EvalRunRecord | null>;
  /** Newest first. */
  listRuns(
    tenantId: TenantId,
    page: PageRequest & { dataset?: string; only?: readonly CollectionId[] | null },
  ): Promise<PageResult<EvalRunRecord>>;
  /** Says over which documents and by whom results are made; those made otherwise go. */
  setUnder(tenantId: TenantId, id: RunId, under: { corpus: string | null; judges: readonly string[] }): Promise<void>;
  /**
   * One result of a case; a second one replaces it. `documentIds`: those whose text it shows. By id, because a document that was erased and put
   * again has its external id. `conflict` when one of them, or the case, which goes with a document that it quotes, is gone.
   */
  addResult(tenantId: TenantId, id: RunId, result: Omit<EvalResultRecord, "documents"> & { documentIds: readonly string[] }): Promise<void>;
  /** Of all results, without what was answered. */
  resultMetrics(tenantId: TenantId, id: RunId): Promise<Pick<EvalResultRecord, "caseId" | "metrics">[]>;
  /** In order. `metric`: only where it applies; `below`: and is less. */
  listResults(
    tenantId: TenantId,
    id: RunId,
    page: PageRequest & { tag?: string; metric?: string; below?: number },
  ): Promise<PageResult<EvalResultRecord>>;
  /** With its results. `conflict` while its job is under way; false: unknown. */
  deleteRun(tenantId: TenantId, id: RunId, by: Attribution): Promise<boolean>;
  finishRun(
    tenantId: TenantId,
    id: RunId,
    ended: { summary: NonNullable<EvalRunRecord["summary"]>; documentsChanged: boolean },
  ): Promise<void>;
}
