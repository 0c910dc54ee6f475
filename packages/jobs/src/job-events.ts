import { createWakeSignal, isFootnoteError } from "@footnote/core";
import type { JobEvents, JobId, JobRecord, JobState, JobUpdate, TenantId } from "@footnote/core";
import type { Store } from "@footnote/storage";

export function createJobEvents(): JobEvents {
  const updates = new Map<JobId, Set<(update: JobUpdate) => void>>();
  const cancels = new Map<JobId, Set<() => void>>();
  const reads = new Map<JobId, { tenantId: TenantId; record: Promise<JobRecord | null> }>();
  function add<T>(map: Map<JobId, Set<T>>, jobId: JobId, listener: T): () => void {
    const listeners = map.get(jobId) ?? new Set<T>();
    listeners.add(listener);
    map.set(jobId, listeners);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && map.get(jobId) === listeners) map.delete(jobId);
    };
  }
  return {
    publish(update) {
      // A read that began before does not know of it.
      reads.delete(update.jobId);
      for (const listener of updates.get(update.jobId) ?? []) listener(update);
    },
    subscribe: (jobId, listener) => add(updates, jobId, listener),
    share({ tenantId, jobId }, read) {
      const known = reads.get(jobId);
      if (known) return known.tenantId === tenantId ? known.record : read();
      const record = read().finally(() => {
        if (reads.get(jobId)?.record === record) reads.delete(jobId);
      });
      reads.set(jobId, { tenantId, record });
      return record;
    },
    requestCancel(jobId) {
      for (const listener of cancels.get(jobId) ?? []) listener();
    },
    onCancel: (jobId, listener) => add(cancels, jobId, listener),
  };
}

export const finishedJobStates: ReadonlySet<JobState> = new Set<JobState>(["succeeded", "failed", "cancelled", "dead"]);

/**
 * A job as it changes, from now until it is finished: updates of this process at once, those of other processes by
 * polling. Ends when the job is finished, unknown, or the signal fires.
 */
export async function* watchJob(options: {
  store: Pick<Store, "jobs">;
  events: JobEvents;
  tenantId: TenantId;
  jobId: JobId;
  /** Default 1,000. */
  pollMs?: number;
  signal?: AbortSignal;
}): AsyncGenerator<JobRecord, void, undefined> {
  const { store, events, tenantId, jobId, pollMs = 1000, signal } = options;
  const changed = createWakeSignal();
  const unsubscribe = events.subscribe(jobId, () => changed.wake());
  try {
    let last = "";
    for (;;) {
      if (signal?.aborted) return;
      // A hundred watchers of one job are one read, not a hundred, for each step of it.
      const job = await events
        .share({ tenantId, jobId }, () => store.jobs.get(tenantId, jobId))
        .catch((error: unknown) => {
          if (isFootnoteError(error) && error.retryable) return undefined;
          throw error;
        });
      if (job === null) return;
      if (job) {
        const key = `${job.state}/${job.stage}/${job.progress}/${job.attempts}`;
        if (key !== last) {
          last = key;
          yield job;
        }
        if (finishedJobStates.has(job.state)) return;
      }
      await changed.wait(pollMs, signal);
    }
  } finally {
    unsubscribe();
  }
}
