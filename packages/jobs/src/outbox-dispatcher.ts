import { createWakeSignal } from "@footnote/core";
import type { Clock, JobQueue, Telemetry } from "@footnote/core";
import type { Store } from "@footnote/storage";

export interface OutboxDispatcherOptions {
  store: Pick<Store, "routing">;
  queue: JobQueue;
  clock: Clock;
  telemetry: Telemetry;
  /** Rows claimed at once. Default 100. */
  batchSize?: number;
  /** How long a claim holds before another process may take the row. Default 30,000. */
  leaseMs?: number;
  /** Fallback when nobody wakes it: rows written by other processes. Default 1,000. */
  pollMs?: number;
  /** How often jobs that a crash left behind are looked for. Default 15,000. */
  recoverEveryMs?: number;
  /** Age of a heartbeat from which a running job counts as left behind. Default 15,000. */
  staleMs?: number;
  /** The same at start; 0 where no other process can be working (embedded mode). Default: staleMs. */
  staleAtStartMs?: number;
}

export interface OutboxDispatcher {
  /** Looks at the outbox now. */
  wake(): void;
  /** Recovers what a crash left behind, then goes on in the background. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Carries jobs from the outbox, where they were written with their document, to the queue, and finds jobs whose delivery was lost with its process:
 * together with the job rows this makes deliveries at-least-once, whatever the queue loses.
 */
export function createOutboxDispatcher(options: OutboxDispatcherOptions): OutboxDispatcher {
  const { store, queue, clock, telemetry } = options;
  const { batchSize = 100, leaseMs = 30_000, pollMs = 1000, recoverEveryMs = 15_000, staleMs = 15_000 } = options;
  const logger = telemetry.logger.child({ component: "outbox" });
  const wakeSignal = createWakeSignal();
  const stopping = new AbortController();
  let loop: Promise<void> | undefined;

  async function recover(stale: number): Promise<void> {
    const jobs = await store.routing.strandedJobs({ staleMs: stale, limit: 1000 });
    if (jobs.length === 0) return;
    await queue.enqueue(jobs);
    queue.wake();
    telemetry.count("footnote_jobs_recovered_total", {}, jobs.length);
  }

  async function dispatch(): Promise<number> {
    const rows = await store.routing.claimOutbox({ limit: batchSize, leaseMs });
    if (rows.length === 0) return 0;
    const now = clock.now();
    // A little late rather than early: a job that is not due yet would not start.
    await queue.enqueue(
      rows.map(({ tenantId, jobId, runAfter }) => ({
        tenantId,
        jobId,
        ...(runAfter && runAfter.getTime() > now ? { delayMs: runAfter.getTime() - now + 50 } : {}),
      })),
    );
    // A crash between the two delivers twice; the job's lease makes the second delivery find nothing to do.
    await store.routing.completeOutbox(rows.map((row) => row.id));
    queue.wake();
    return rows.length;
  }

  async function run(): Promise<void> {
    let recovered = clock.now();
    let failures = 0;
    while (!stopping.signal.aborted) {
      try {
        if (clock.now() - recovered >= recoverEveryMs) {
          recovered = clock.now();
          await recover(staleMs);
        }
        const moved = await dispatch();
        failures = 0;
        if (moved < batchSize) await wakeSignal.wait(pollMs, stopping.signal);
      } catch (error) {
        if (stopping.signal.aborted) return;
        if (++failures === 1) logger.error({}, "the outbox could not be read; trying again", error);
        await wakeSignal.wait(Math.min(10_000, pollMs * failures), stopping.signal);
      }
    }
  }

  return {
    wake: () => wakeSignal.wake(),
    async start() {
      await recover(options.staleAtStartMs ?? staleMs);
      loop ??= run();
    },
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}
