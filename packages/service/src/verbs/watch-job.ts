import { createWakeSignal, isFootnoteError, type JobId, type JobRecord, type JobState } from "@footnote/core";
import { findJob } from "../find-job.ts";
import { defineVerb } from "../verb.ts";

const finishedJobStates: ReadonlySet<JobState> = new Set<JobState>(["succeeded", "failed", "cancelled", "dead"]);

/** Updates of other processes are seen by looking. */
const pollMs = 1_000;

/** A job as it changes, from now until it is finished, unknown, or the signal fires. */
export const watchJob = defineVerb({
  scope: "read",
  audits: [],
  async run(context, { actor: { tenantId }, actor, signal }, input: { jobId: JobId }): Promise<AsyncIterable<JobRecord>> {
    const { store, jobEvents } = context;
    const { id: jobId } = await findJob(context, actor, input.jobId);

    /** A hundred watchers of one job are one read, not a hundred, for each step of it. Undefined: it could not be read just now. */
    async function read(): Promise<JobRecord | null | undefined> {
      try {
        return await jobEvents.share({ tenantId, jobId }, () => store.jobs.get(tenantId, jobId));
      } catch (error) {
        if (isFootnoteError(error) && error.retryable) return undefined;
        throw error;
      }
    }

    async function* updates(): AsyncGenerator<JobRecord, void, undefined> {
      const changed = createWakeSignal();
      const unsubscribe = jobEvents.subscribe(jobId, () => changed.wake());
      try {
        let last = "";
        while (!signal.aborted) {
          const job = await read();
          if (job === null) return;
          if (job) {
            const seen = `${job.state}/${job.stage}/${job.progress}/${job.attempts}`;
            if (seen !== last) yield job;
            last = seen;
            if (finishedJobStates.has(job.state)) return;
          }
          await changed.wait(pollMs, signal);
        }
      } finally {
        unsubscribe();
      }
    }
    return updates();
  },
});
