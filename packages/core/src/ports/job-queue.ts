import type { JobId, TenantId } from "../ids.ts";

/** What a queue carries: ids, never content. The job's state lives in Postgres. */
export interface QueueMessage {
  tenantId: TenantId;
  jobId: JobId;
  /** 1 at the first delivery. */
  attempt: number;
}

export interface WorkOptions {
  /** Jobs at once. */
  concurrency: number;
  /** Resolves: done. Rejects: delivered again after a backoff with full jitter, while the handler's error is retryable. */
  handle(message: QueueMessage, signal: AbortSignal): Promise<void>;
}

export interface Worker {
  /** Stops taking jobs, waits for running ones up to `graceMs`, then aborts them; they are delivered again later. */
  stop(options: { graceMs: number }): Promise<void>;
}

export interface JobQueue {
  readonly name: string;
  /** Adds a delivery; the same job id waiting already is not added twice. */
  enqueue(messages: readonly { tenantId: TenantId; jobId: JobId; delayMs?: number }[]): Promise<void>;
  work(options: WorkOptions): Promise<Worker>;
  /** Wakes workers of this process at once; polling is the fallback. */
  wake(): void;
  close(): Promise<void>;
}
