import type { JobEvents, JobId, JobRecord, JobUpdate, TenantId } from "@footnote/core";

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
