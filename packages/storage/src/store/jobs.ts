import type { Attribution, CollectionId, DocumentId, JobId, JobRecord, JobStage, JobState, TenantId } from "@footnote/core";
import type { PageRequest, PageResult } from "./paging.ts";

/** How a turn of a job ended. */
export type JobSettlement =
  | { state: "succeeded"; result?: Record<string, number> }
  | { state: "failed" | "dead" | "cancelled"; error: { code: string; message: string } }
  | {
      state: "queued";
      error: { code: string; message: string } | null;
      runAfter: Date;
      /** The job did nothing wrong: this turn is not counted among its attempts. Default false. */
      uncounted?: boolean;
    };

export interface JobRepository {
  get(tenantId: TenantId, id: JobId): Promise<JobRecord | null>;
  list(
    tenantId: TenantId,
    page: PageRequest & { state?: JobState; documentId?: DocumentId; collectionId?: CollectionId },
  ): Promise<PageResult<JobRecord>>;
  /** queued or stale running → running, attempts + 1, a fresh lease token. Null when the job is finished, not due, or another worker's heartbeat is younger than `staleMs`. */
  start(tenantId: TenantId, id: JobId, options: { staleMs: number }): Promise<{ job: JobRecord; lease: string } | null>;
  /** Stage, progress (which never goes back) and heartbeat; `lost` when the lease is no longer ours, `cancel` when a cancel was asked for. */
  heartbeat(tenantId: TenantId, id: JobId, lease: string, state: { stage: JobStage; progress: number }): Promise<"ok" | "cancel" | "lost">;
  /** Ends the turn that holds the lease; false when another one holds it. A job that is queued again gets its outbox row. */
  finish(tenantId: TenantId, id: JobId, lease: string, settlement: JobSettlement): Promise<boolean>;
  /** A queued job is cancelled at once; a running one is asked to; a finished one stays as it is. Null: unknown. */
  cancel(tenantId: TenantId, id: JobId, by: Attribution): Promise<JobRecord | null>;
  /** failed, dead or cancelled → queued with an outbox row. `conflict` otherwise. Null: unknown. */
  retry(tenantId: TenantId, id: JobId, by: Attribution): Promise<JobRecord | null>;
}
