import type { JobId } from "@footnote/core";
import { findJob } from "../find-job.ts";
import { defineVerb } from "../verb.ts";

export const readJob = defineVerb({
  scope: "read",
  audits: [],
  run: (context, { actor }, input: { jobId: JobId }) => findJob(context, actor, input.jobId),
});
