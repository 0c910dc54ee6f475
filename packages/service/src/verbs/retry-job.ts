import type { JobId } from "@footnote/core";
import { findJob } from "../find-job.ts";
import { notFound } from "../not-found.ts";
import { defineVerb } from "../verb.ts";

/** Runs a failed, dead or cancelled job again, from its last checkpoint. */
export const retryJob = defineVerb({
  scope: "ingest",
  audits: ["job.retry"],
  async run(context, { actor, by }, input: { jobId: JobId }) {
    const { store, queue } = context;
    const { id } = await findJob(context, actor, input.jobId);
    const job = await store.jobs.retry(actor.tenantId, id, by);
    if (!job) throw notFound();
    queue.wake();
    return job;
  },
});
