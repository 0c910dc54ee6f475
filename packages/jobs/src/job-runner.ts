import { FootnoteError, fullJitterMs, throwIfAborted, toFootnoteError } from "@footnote/core";
import type {
  BackoffOptions,
  Clock,
  DocumentJobRecord,
  EvaluationJobRecord,
  JobEvents,
  JobRecord,
  JobState,
  QueueMessage,
  Telemetry,
  TenantId,
} from "@footnote/core";
import type { JobSettlement, Store } from "@footnote/storage";
import type { JobHandler, JobTurn, TurnOutcome } from "./job-handler.ts";
import { keepLease, LeaseLost } from "./job-lease.ts";
import type { JobLease } from "./job-lease.ts";

export interface JobHandlers {
  ingest: JobHandler<DocumentJobRecord>;
  delete: JobHandler<DocumentJobRecord>;
  evaluate: JobHandler<EvaluationJobRecord>;
}

export interface JobRunnerOptions {
  store: Pick<Store, "jobs">;
  handlers: JobHandlers;
  clock: Clock;
  telemetry: Telemetry;
  events: JobEvents;
  /** Also the longest time until a cancel from another process is seen. Default 750. */
  heartbeatMs?: number;
  /** Age of a heartbeat from which another worker's job may be taken over. Default 15,000; 0 where no other process can be working. */
  staleMs?: number;
  /** A turn that takes longer ends at the next checkpoint, so that large jobs leave others a turn. Default 15,000. */
  sliceMs?: number;
  /** Called when a job went back to the queue: its outbox row is there. */
  onRequeue?: () => void;
  backoff?: BackoffOptions;
}

export interface JobRunner {
  handle(message: QueueMessage, signal: AbortSignal): Promise<void>;
}

/** Turns that a job may begin, crashes included, before it is given up as one that kills its workers. */
const maxStarts = 200;

type Abandoned = { state: "failed" | "cancelled"; error: { code: string; message: string }; lease: string };

/** A job with the handler of its kind. */
interface BoundJob {
  firstStage: JobHandler["firstStage"];
  run(turn: Omit<JobTurn, "job">): Promise<TurnOutcome>;
  abandon(outcome: Abandoned): Promise<void>;
}

function bind<J extends JobRecord>(tenantId: TenantId, job: J, handler: JobHandler<J>): BoundJob {
  return {
    firstStage: handler.firstStage,
    run: (turn) => handler.run({ ...turn, job }),
    abandon: async (outcome) => await handler.abandon?.(tenantId, job, outcome),
  };
}

/**
 * Does jobs whose ids are delivered. The row is the truth: it is started under a lease, kept by heartbeats, and settled only by the attempt that holds
 * the lease. A delivery of a job that is finished, not due or in other hands does nothing.
 */
export function createJobRunner(options: JobRunnerOptions): JobRunner {
  const { store, handlers, clock, telemetry, events, heartbeatMs = 750, staleMs = 15_000, sliceMs = 15_000, backoff } = options;
  const logger = telemetry.logger.child({ component: "jobs" });
  const running = new Map<string, Promise<void>>();

  function bound(tenantId: TenantId, job: JobRecord): BoundJob {
    switch (job.kind) {
      case "ingest":
        return bind(tenantId, job, handlers.ingest);
      case "delete":
        return bind(tenantId, job, handlers.delete);
      case "evaluate":
        return bind(tenantId, job, handlers.evaluate);
    }
  }

  async function work(options: {
    tenantId: TenantId;
    job: JobRecord;
    bound: BoundJob;
    held: JobLease;
    outer: AbortSignal;
  }): Promise<TurnOutcome> {
    const { tenantId, job, held, outer } = options;
    const signal = AbortSignal.any([outer, held.signal]);
    const sliceEnd = performance.now() + sliceMs;
    if (job.cancelRequested) throw cancelled();
    if (job.attempts > maxStarts) {
      throw new FootnoteError("job_interrupted", "The job was interrupted too often; look at what it is about, then retry it.", {
        retryable: true,
      });
    }
    return await options.bound.run({
      tenantId,
      signal,
      progress(stage, progress) {
        throwIfAborted(signal);
        held.state.stage = stage;
        held.state.progress = Math.max(held.state.progress, storable(progress));
        events.publish({ jobId: job.id, state: "running", ...held.state });
      },
      isOver: () => performance.now() > sliceEnd,
    });
  }

  /** What a turn that ended without `done` means for its job. */
  function settlement(
    job: JobRecord,
    ended: { isCancelled: boolean; isStopping: boolean; isOver: boolean; thrown: unknown },
  ): JobSettlement {
    const now = new Date(clock.now());
    if (ended.isCancelled) return { state: "cancelled", error: shown(cancelled("The job was cancelled on request; retry it to go on.")) };
    if (ended.isStopping) {
      const error = { code: "shutting_down", message: "The worker was stopped; the job continues when one is running." };
      return { state: "queued", error, runAfter: now, uncounted: true };
    }
    if (ended.isOver) return { state: "queued", error: null, runAfter: now, uncounted: true };
    const error = toFootnoteError(ended.thrown);
    if (!error.retryable) return { state: "failed", error: shown(error) };
    if (job.attempts >= job.maxAttempts) return { state: "dead", error: shown(error) };
    return { state: "queued", error: shown(error), runAfter: new Date(clock.now() + fullJitterMs(job.attempts, backoff)) };
  }

  async function runJob({ tenantId, jobId }: QueueMessage, outer: AbortSignal): Promise<void> {
    const started = await store.jobs.start(tenantId, jobId, { staleMs });
    // Finished, not due, or in another worker's hands: what is left behind there is found by its heartbeat.
    if (!started) return;
    const { job, lease } = started;
    const began = performance.now();
    const boundJob = bound(tenantId, job);
    const held = keepLease({ jobs: store.jobs, events, logger, tenantId, job, lease, stage: boundJob.firstStage, heartbeatMs });
    events.publish({ jobId, state: "running", ...held.state });

    const settle = async (outcome: JobSettlement) => {
      if (outcome.state === "failed" || outcome.state === "dead" || outcome.state === "cancelled") {
        await boundJob.abandon({ state: outcome.state === "cancelled" ? "cancelled" : "failed", error: outcome.error, lease });
      }
      await store.jobs.finish(tenantId, jobId, lease, outcome);
      if (outcome.state === "queued") options.onRequeue?.();
      const code = "error" in outcome ? outcome.error?.code : undefined;
      report(job, { state: outcome.state, code, durationMs: performance.now() - began, ...held.state });
    };

    let ended: { isOver: boolean; thrown: unknown };
    try {
      const outcome = await work({ tenantId, job, bound: boundJob, held, outer });
      await held.stopBeating();
      if (outcome.type === "done") return await settle({ state: "succeeded", ...(outcome.result ? { result: outcome.result } : {}) });
      ended = { isOver: true, thrown: undefined };
    } catch (thrown) {
      ended = { isOver: false, thrown };
    }
    await held.stopBeating();
    // Whoever has the job now decides how it ends.
    if (!held.signal.aborted && !outer.aborted) await held.beat();
    if (held.signal.reason instanceof LeaseLost) return;
    const outcome = settlement(job, { ...ended, isCancelled: held.signal.aborted || job.cancelRequested, isStopping: outer.aborted });
    if ("error" in outcome && outcome.error?.code === "internal") {
      logger.error({ job: jobId, stage: held.state.stage }, "a job failed unexpectedly", ended.thrown);
    }
    await settle(outcome);
  }

  function report(job: JobRecord, ended: { state: JobState; code: string | undefined; durationMs: number } & JobLease["state"]): void {
    const { state, code, durationMs } = ended;
    const isDone = state === "succeeded";
    const stage = isDone ? "done" : ended.stage;
    events.publish({ jobId: job.id, state, stage, progress: isDone ? 1 : ended.progress });
    const outcome = isDone || (state === "queued" && code === undefined) ? "ok" : state === "cancelled" ? "cancelled" : "error";
    telemetry.stage("ingest", durationMs, outcome);
    telemetry.count("footnote_jobs_total", { kind: job.kind, state });
    logger.info(
      { job: job.id, kind: job.kind, state, stage: ended.stage, attempts: job.attempts, code, durationMs: Math.round(durationMs) },
      "job",
    );
  }

  return {
    async handle(message, signal) {
      // With staleMs 0 a second delivery would take the job from the first one in this very process; it waits for it.
      const before = running.get(message.jobId);
      const run = (before ?? Promise.resolve()).catch(() => {}).then(() => runJob(message, signal));
      running.set(message.jobId, run);
      try {
        await run;
      } finally {
        if (running.get(message.jobId) === run) running.delete(message.jobId);
      }
    },
  };
}

const cancelled = (message = "The job was cancelled.") => new FootnoteError("cancelled", message);
const shown = ({ code, message }: FootnoteError) => ({ code, message });

/** A share as the job's row gives it back: its column has single precision, and a digit that is lost there would look like a step back. */
function storable(share: number): number {
  return Math.round(share * 1e5) / 1e5;
}
