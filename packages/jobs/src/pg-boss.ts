import { createWakeSignal, idSchema } from "@footnote/core";
import type { JobQueue, QueueMessage, Telemetry, Worker, WorkOptions } from "@footnote/core";
import type { SqlExecutor } from "@footnote/storage";
import { PgBoss } from "pg-boss";
import { z } from "zod";
import { jobsQueueName, pgBossSchemaName } from "./pg-boss-schema.ts";

export interface PgBossQueueOptions {
  /** Runs single statements as the app role; pg-boss's schema was made by the migration (`pgBossSchemas`). */
  sql: SqlExecutor;
  telemetry: Telemetry;
  /** Fallback of `wake`: how often idle workers look. Default 1,000. */
  pollMs?: number;
}

const payloadSchema = z.object({ tenantId: idSchema("tenant"), jobId: idSchema("job") });

/**
 * JobQueue on pg-boss over storage's own connections: a delivery is fetched and forgotten. pg-boss's loop, retries, dead letters and maintenance stay
 * off: they repeat what the job's row does, and want an owner's rights.
 */
export async function createPgBossQueue(options: PgBossQueueOptions): Promise<JobQueue> {
  const { sql, telemetry, pollMs = 1000 } = options;
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

  function work({ concurrency, handle }: WorkOptions): Promise<Worker> {
    const stopping = new AbortController();
    const aborting = new AbortController();
    const wakeSignal = createWakeSignal();
    const running = new Set<Promise<void>>();
    /** Tenants that had a turn since every waiting tenant last had one; they are passed over while others wait. */
    let hadTurn = new Set<string>();

    async function fetchNext(): Promise<QueueMessage | undefined> {
      const fetch = (ignoreGroups: string[]) =>
        boss.fetch<unknown>(jobsQueueName, { batchSize: 1, ...(ignoreGroups.length > 0 ? { ignoreGroups } : {}) });
      let [job] = await fetch([...hadTurn]);
      if (!job && hadTurn.size > 0) {
        hadTurn = new Set();
        [job] = await fetch([]);
      }
      if (!job) return undefined;
      await boss.deleteJob(jobsQueueName, job.id);
      const message = payloadSchema.parse(job.data);
      hadTurn.add(message.tenantId);
      return message;
    }

    function deliver(message: QueueMessage): void {
      const delivery = handle(message, aborting.signal)
        .catch((error: unknown) => logger.error({ job: message.jobId }, "a delivery failed; its job is found by its row", error))
        .finally(() => {
          running.delete(delivery);
          wakeSignal.wake();
        });
      running.add(delivery);
    }

    async function loop(): Promise<void> {
      let failures = 0;
      while (!stopping.signal.aborted) {
        try {
          const message = running.size < concurrency ? await fetchNext() : undefined;
          failures = 0;
          if (message) deliver(message);
          else await wakeSignal.wait(pollMs, stopping.signal);
        } catch (error) {
          if (stopping.signal.aborted) break;
          if (++failures === 1) logger.error({}, "the queue could not be read; trying again", error);
          await wakeSignal.wait(Math.min(10_000, pollMs * failures), stopping.signal);
        }
      }
    }

    const looping = loop();
    const worker = {
      wake: () => wakeSignal.wake(),
      async stop({ graceMs }: { graceMs: number }) {
        stopping.abort();
        workers.delete(worker);
        await looping;
        const timer = setTimeout(() => aborting.abort(), graceMs);
        await Promise.all(running);
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
