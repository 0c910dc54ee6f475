import type { BackoffOptions, Clock, EvaluationWork, JobEvents, JobQueue, Worker } from "@footnote/core";
import {
  createDeleteDocument,
  createEvaluateRun,
  createIndexMaintenance,
  createIngestDocument,
  createJobRunner,
  createJobTopic,
  createOutboxDispatcher,
} from "@footnote/jobs";
import type { IngestDocumentOptions } from "@footnote/jobs";
import type { Store } from "@footnote/storage";

export interface WorkerDependencies extends IngestDocumentOptions {
  store: Store;
  queue: JobQueue;
  events: JobEvents;
  clock: Clock;
  /** Jobs at once. Default 2. */
  concurrency?: number;
  /** True when no other process can be working on this store: what is marked running is left from a crash. */
  alone: boolean;
  backoff?: BackoffOptions;
  /** A turn of an evaluation. Without it a run's job fails and says so. */
  evaluate?: (work: EvaluationWork) => Promise<"done" | "more">;
}

export interface FootnoteWorker {
  start(): Promise<void>;
  /** A job was written: carry it to the queue now. */
  wake(): void;
  /** Takes no new job, lets running ones end for `graceMs`, sends the rest back to their checkpoints. */
  stop(options: { graceMs: number }): Promise<void>;
}

/** Everything that happens in the background: outbox → queue → jobs, recovery, upkeep of the index. */
export function createWorker(deps: WorkerDependencies): FootnoteWorker {
  const { store, queue, events, clock, telemetry, evaluate, concurrency = 2, alone } = deps;
  const staleMs = alone ? 0 : 15_000;
  const runner = createJobRunner({
    store,
    handlers: {
      ingest: createIngestDocument(deps),
      delete: createDeleteDocument({ store, telemetry }),
      evaluate: createEvaluateRun(evaluate ? { evaluate } : {}),
    },
    clock,
    telemetry,
    events,
    staleMs,
    onRequeue: () => dispatcher.wake(),
    ...(deps.backoff ? { backoff: deps.backoff } : {}),
  });
  const dispatcher = createOutboxDispatcher({
    store,
    topics: new Map([["job", createJobTopic({ store, queue, clock, telemetry })]]),
    clock,
    telemetry,
    staleAtStartMs: staleMs,
  });
  const maintenance = createIndexMaintenance({ store, clock, telemetry });
  let worker: Worker | undefined;
  return {
    async start() {
      await dispatcher.start();
      worker = await queue.work({ concurrency, handle: (message, signal) => runner.handle(message, signal) });
      maintenance.start();
    },
    wake: () => dispatcher.wake(),
    async stop({ graceMs }) {
      await Promise.all([dispatcher.stop(), maintenance.stop(), worker?.stop({ graceMs })]);
    },
  };
}
