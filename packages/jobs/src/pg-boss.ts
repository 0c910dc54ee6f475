import { idSchema, isFootnoteError, toFootnoteError } from "@footnote/core";
import type { Clock, JobQueue, QueueMessage, Telemetry, Worker, WorkOptions } from "@footnote/core";
import type { SqlExecutor } from "@footnote/storage";
import { PgBoss } from "pg-boss";
import { z } from "zod";
import { fullJitterMs } from "./backoff.ts";
import type { BackoffOptions } from "./backoff.ts";
import { createBell } from "./bell.ts";
import { jobsQueueName, pgBossSchemaName } from "./pg-boss-schema.ts";

export interface PgBossQueueOptions {
  /** Runs single statements as the app role; pg-boss's schema was made by the migration (`pgBossSchema`). */
  sql: SqlExecutor;
  clock: Clock;
  telemetry: Telemetry;
  /** Fallback of `wake`: how often idle workers look. Default 1,000. */
  pollMs?: number;
  /** A delivery whose worker was not heard of for so long is given to another. Default 30,000. */
  leaseMs?: number;
  /** Deliveries of one message before it goes to the dead-letter queue. Default 8. */
  maxAttempts?: number;
  backoff?: BackoffOptions;
}

const payloadSchema = z.object({ tenantId: idSchema("tenant"), jobId: idSchema("job") });

interface Delivery {
  id: string;
  retryCount: number;
  tenantId: string;
}

/**
 * JobQueue on pg-boss over storage's own connections. pg-boss's loop, retries and maintenance stay off (they poll, do
 * not jitter fully, or want an owner's rights); fetching, fencing by attempt and dead-lettering are its.
 */
export async function createPgBossQueue(options: PgBossQueueOptions): Promise<JobQueue> {
  const { sql, clock, telemetry, pollMs = 1000, leaseMs = 30_000, maxAttempts = 8, backoff } = options;
  const logger = telemetry.logger.child({ component: "queue" });
  const boss = new PgBoss({
    db: sql,
    schema: pgBossSchemaName,
    migrate: false,
    createSchema: false,
    supervise: false,
    schedule: false,
    reindex: false,
    monitorVacuum: false,
  });
  boss.on("error", (error) => logger.error({}, "the queue reported an error", error));
  await boss.start();
  const workers = new Set<{ wake(): void; stop: Worker["stop"] }>();

  /** The claim is ours only while the row is active with the attempt that was fetched. */
  async function retryLater(delivery: Delivery, delayMs: number): Promise<void> {
    await sql.executeSql(
      `update ${pgBossSchemaName}.job set state = 'retry', start_after = now() + $3 * interval '1 millisecond'
        where name = '${jobsQueueName}' and id = $1::uuid and state = 'active' and retry_count = $2`,
      [delivery.id, delivery.retryCount, delayMs],
    );
  }

  async function releaseLost(): Promise<void> {
    const { rowCount } = await sql.executeSql(
      `update ${pgBossSchemaName}.job set state = 'retry', start_after = now()
        where name = '${jobsQueueName}' and state = 'active'
          and coalesce(heartbeat_on, started_on) < now() - $1 * interval '1 millisecond'`,
      [leaseMs],
    );
    if (rowCount > 0) telemetry.count("footnote_queue_redelivered_total", {}, rowCount);
  }

  function work({ concurrency, handle }: WorkOptions): Promise<Worker> {
    const stopping = new AbortController();
    const aborting = new AbortController();
    const bell = createBell();
    const running = new Map<string, { delivery: Delivery; done: Promise<void> }>();
    /** Tenants served since every waiting tenant last had a turn; they are passed over while others wait. */
    let served = new Set<string>();

    async function fetchNext(): Promise<{ delivery: Delivery; message: QueueMessage } | undefined> {
      const fetch = (ignoreGroups: string[]) =>
        boss.fetch<unknown>(jobsQueueName, { batchSize: 1, includeMetadata: true, ...(ignoreGroups.length > 0 ? { ignoreGroups } : {}) });
      let [job] = await fetch([...served]);
      if (!job && served.size > 0) {
        served = new Set();
        [job] = await fetch([]);
      }
      if (!job) return undefined;
      const payload = payloadSchema.parse(job.data);
      served.add(payload.tenantId);
      return {
        delivery: { id: job.id, retryCount: job.retryCount, tenantId: payload.tenantId },
        message: { ...payload, attempt: job.retryCount + 1 },
      };
    }

    async function deliver(delivery: Delivery, message: QueueMessage): Promise<void> {
      const claim = { id: delivery.id, retryCount: delivery.retryCount };
      try {
        await handle(message, aborting.signal);
        await boss.deleteJob(jobsQueueName, claim);
      } catch (thrown) {
        const error = toFootnoteError(thrown);
        const interrupted = aborting.signal.aborted;
        if (interrupted) await retryLater(delivery, 0);
        else if (error.retryable && message.attempt < maxAttempts) await retryLater(delivery, fullJitterMs(message.attempt, backoff));
        else {
          logger.error(
            { job: message.jobId, attempt: message.attempt },
            "a delivery failed for good",
            isFootnoteError(thrown) ? error : thrown,
          );
          telemetry.count("footnote_queue_dead_total", {});
          await boss.fail(jobsQueueName, claim);
        }
      }
    }

    async function loop(): Promise<void> {
      let failures = 0;
      let maintained = 0;
      while (!stopping.signal.aborted) {
        try {
          if (clock.now() - maintained > leaseMs / 3) {
            maintained = clock.now();
            await releaseLost();
            const claims = [...running.values()].map(({ delivery }) => ({ id: delivery.id, retryCount: delivery.retryCount }));
            if (claims.length > 0) await boss.touch(jobsQueueName, claims);
          }
          const next = running.size < concurrency ? await fetchNext() : undefined;
          failures = 0;
          if (!next) {
            await bell.wait(pollMs, stopping.signal);
            continue;
          }
          const key = next.delivery.id;
          const done = deliver(next.delivery, next.message)
            .catch((error: unknown) => logger.error({ job: next.message.jobId }, "a delivery could not be settled; it comes again", error))
            .finally(() => {
              running.delete(key);
              bell.ring();
            });
          running.set(key, { delivery: next.delivery, done });
        } catch (error) {
          if (stopping.signal.aborted) break;
          if (++failures === 1) logger.error({}, "the queue could not be read; trying again", error);
          await bell.wait(Math.min(10_000, pollMs * failures), stopping.signal);
        }
      }
    }

    const looping = loop();
    const worker = {
      wake: () => bell.ring(),
      async stop({ graceMs }: { graceMs: number }) {
        stopping.abort();
        workers.delete(worker);
        await looping;
        const settled = Promise.all([...running.values()].map(({ done }) => done));
        const timer = setTimeout(() => aborting.abort(), graceMs);
        await settled;
        clearTimeout(timer);
      },
    };
    workers.add(worker);
    return Promise.resolve({ stop: worker.stop });
  }

  return {
    name: "pg-boss",
    async enqueue(messages) {
      if (messages.length === 0) return;
      await boss.insert(
        jobsQueueName,
        messages.map(({ tenantId, jobId, delayMs }) => ({
          data: { tenantId, jobId },
          singletonKey: jobId,
          group: { id: tenantId },
          ...(delayMs ? { startAfter: delayMs / 1000 } : {}),
        })),
      );
    },
    work,
    wake() {
      for (const worker of workers) worker.wake();
    },
    async close() {
      await Promise.all([...workers].map((worker) => worker.stop({ graceMs: 0 })));
      await boss.stop({ graceful: false, close: false });
    },
  };
}
