import type { JobId, TenantId } from "../ids.ts";
import type { JobRecord, JobStage, JobState } from "../job.ts";

/** What a worker of this process says about a job as it happens. */
export interface JobUpdate {
  jobId: JobId;
  state: JobState;
  stage: JobStage;
  progress: number;
}

/** Jobs of this process, by id: progress for streams, and cancels that do not wait for the next heartbeat. */
export interface JobEvents {
  publish(update: JobUpdate): void;
  /** Returns the unsubscribe function. */
  subscribe(jobId: JobId, listener: (update: JobUpdate) => void): () => void;
  /** What `read` gives, read once for all of the tenant who ask while a read that began after the last update is under way. */
  share(job: { tenantId: TenantId; jobId: JobId }, read: () => Promise<JobRecord | null>): Promise<JobRecord | null>;
  /** Tells the worker of this process to look at its job's cancel flag now. The flag itself is set by `store.jobs.cancel`. */
  requestCancel(jobId: JobId): void;
  /** Returns the unsubscribe function. */
  onCancel(jobId: JobId, listener: () => void): () => void;
}
