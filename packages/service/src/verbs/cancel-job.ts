import type { JobId } from "@footnote/core";
import { findJob } from "../find-job.ts";
import { notFound } from "../not-found.ts";
import { defineVerb } from "../verb.ts";

/** A queued job is cancelled at once, a running one soon; a finished one stays as it is. */
export const cancelJob = defineVerb({
  scope: "ingest",
  audits: ["job.cancel"],
  async run(context, { actor, by }, input: { jobId: JobId }) {
    const { store, jobEvents } = context;
    const { id } = await findJob(context, actor, input.jobId);
    const job = await store.jobs.cancel(actor.tenantId, id, by);
    if (!job) throw notFound();
    jobEvents.requestCancel(id);
    return job;
  },
});
