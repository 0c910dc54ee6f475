import { FootnoteError, toFootnoteError } from "@footnote/core";
import type { JobEvents, JobRecord, JobStage, Logger, TenantId } from "@footnote/core";
import type { Store } from "@footnote/storage";

/** Another worker has the job now: what happens to it is that worker's word. */
export class LeaseLost extends Error {}

export interface JobLease {
  /** Fires with LeaseLost, or with `cancelled` when somebody asked for that. */
  readonly signal: AbortSignal;
  /** What the next heartbeat says. */
  readonly state: { stage: JobStage; progress: number };
  /** A heartbeat now. */
  beat(): Promise<void>;
  /** Ends the heartbeats; the lease stays until the job is settled or taken. */
  stopBeating(): Promise<void>;
}

/** Keeps a started job: heartbeats hold the lease, carry its progress, and bring cancels and the loss of the lease back. */
export function keepLease(options: {
  jobs: Store["jobs"];
  events: JobEvents;
  logger: Logger;
  tenantId: TenantId;
  job: JobRecord;
  lease: string;
  stage: JobStage;
  heartbeatMs: number;
}): JobLease {
  const { jobs, events, logger, tenantId, job, lease, heartbeatMs } = options;
  const abort = new AbortController();
  const state = { stage: options.stage, progress: job.progress };
  let beating: Promise<void> = Promise.resolve();

  async function beat(): Promise<void> {
    try {
      const answer = await jobs.heartbeat(tenantId, job.id, lease, { ...state });
      if (answer === "lost") abort.abort(new LeaseLost());
      else if (answer === "cancel") abort.abort(new FootnoteError("cancelled", "The job was cancelled."));
    } catch (error) {
      // A missed beat is repeated; a database that stays away ends the job's own next statement.
      logger.warn({ job: job.id, code: toFootnoteError(error).code }, "a heartbeat was missed");
    }
  }
  const beatNext = () => {
    beating = beating.then(beat);
  };
  const timer = setInterval(beatNext, heartbeatMs);
  const unsubscribe = events.onCancel(job.id, beatNext);

  return {
    signal: abort.signal,
    state,
    beat,
    async stopBeating() {
      clearInterval(timer);
      unsubscribe();
      await beating;
    },
  };
}
