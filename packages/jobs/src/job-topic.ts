import { idSchema } from "@footnote/core";
import type { Clock, JobQueue, Telemetry } from "@footnote/core";
import type { Store } from "@footnote/storage";
import { z } from "zod";
import type { OutboxTopic } from "./outbox-dispatcher.ts";

const payloadSchema = z.object({ jobId: idSchema("job") });

/** Carries jobs to the queue, and again those that a crash left behind. */
export function createJobTopic(options: {
  store: Pick<Store, "routing">;
  queue: JobQueue;
  clock: Clock;
  telemetry: Telemetry;
}): OutboxTopic {
  const { store, queue, clock, telemetry } = options;
  return {
    async deliver(rows) {
      const now = clock.now();
      // A little late rather than early: a job that is not due yet would not start.
      await queue.enqueue(
        rows.map(({ tenantId, payload, runAfter }) => ({
          tenantId,
          ...payloadSchema.parse(payload),
          ...(runAfter && runAfter.getTime() > now ? { delayMs: runAfter.getTime() - now + 50 } : {}),
        })),
      );
      queue.wake();
    },
    async recover(staleMs) {
      const jobs = await store.routing.strandedJobs({ staleMs, limit: 1000 });
      if (jobs.length === 0) return;
      await queue.enqueue(jobs);
      queue.wake();
      telemetry.count("footnote_jobs_recovered_total", {}, jobs.length);
    },
  };
}
