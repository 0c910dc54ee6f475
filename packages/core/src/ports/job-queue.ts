import type { JobId, TenantId } from "../ids.ts";

/** What a queue carries: ids, never content. */
export interface QueueMessage {
  tenantId: TenantId;
  jobId: JobId;
}

export interface WorkOptions {
  /** Deliveries at once. */
  concurrency: number;
  /** However it ends, its delivery is over: what is to be tried again stands in the job's row. */
  handle(message: QueueMessage, signal: AbortSignal): Promise<void>;
}

export interface Worker {
  /** Takes no more deliveries, waits up to `graceMs` for those under way, then aborts them and waits for their end. */
  stop(options: { graceMs: number }): Promise<void>;
}

/**
 * Delivers ids of jobs soon, to one worker each, a turn for every tenant that waits. The job's row in Postgres is the truth about the job: a delivery
 * that is lost with its process, or that fails, is made again by whoever finds the row left behind. So ids arrive at least once, and no queue
 * counts tries, waits between them or keeps what failed.
 */
export interface JobQueue {
  readonly name: string;
  /** Adds a delivery; the same job id waiting already is not added twice. */
  enqueue(messages: readonly (QueueMessage & { delayMs?: number })[]): Promise<void>;
  work(options: WorkOptions): Promise<Worker>;
  /** Wakes workers of this process at once; polling is the fallback. */
  wake(): void;
  close(): Promise<void>;
}
