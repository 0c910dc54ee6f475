import { createEventStream, type ServerEvent } from "@footnote/answers";
import { throwIfAborted } from "@footnote/core";
import { jobQuerySchema, jobSchema, pageQuerySchema, pageSchema } from "@footnote/sdk";
import type { Service } from "@footnote/service";
import { toJob, toPage } from "@footnote/service/wire";
import type { Drain } from "../drain.ts";
import { eventStreamHeaders } from "../event-stream-headers.ts";
import { toProblem } from "../problem.ts";
import { json, type Router } from "../route.ts";

export function addJobRoutes(router: Router, service: Service, drain: Drain): void {
  router.add({
    method: "get",
    path: "/v1/jobs",
    tag: "Jobs",
    summary: "List jobs, newest first",
    verb: service.listJobs,
    query: pageQuerySchema.extend(jobQuerySchema.shape),
    replies: { 200: { description: "A page of jobs", schema: pageSchema(jobSchema) } },
    handler: async ({ run, query }) => json(toPage(await run(query), toJob)),
  });
  router.add({
    method: "get",
    path: "/v1/jobs/{id}",
    tag: "Jobs",
    summary: "Read a job",
    verb: service.readJob,
    replies: { 200: { description: "The job", schema: jobSchema } },
    handler: async ({ run, id }) => json(toJob(await run({ jobId: id("job") }))),
  });
  router.add({
    method: "get",
    path: "/v1/jobs/{id}/events",
    tag: "Jobs",
    summary: "Watch a job until it is finished",
    description: "Server-sent events named job, each with the whole job; the stream ends after the last one.",
    verb: service.watchJob,
    replies: { 200: { description: "Events", contentType: "text/event-stream" } },
    async handler({ run, id, requestId, holdOpen }) {
      const left = new AbortController();
      const updates = await run({ jobId: id("job") }, left.signal);
      const release = holdOpen();
      async function* events(): AsyncGenerator<ServerEvent> {
        try {
          for await (const job of updates) yield { event: "job", data: toJob(job) };
          throwIfAborted(drain.signal);
        } finally {
          release();
        }
      }
      const stream = createEventStream(events(), {
        onCancel() {
          left.abort();
          release();
        },
        toProblem: (error) => toProblem(error, requestId),
      });
      return new Response(stream, { headers: eventStreamHeaders });
    },
  });
  router.add({
    method: "post",
    path: "/v1/jobs/{id}/cancel",
    tag: "Jobs",
    summary: "Cancel a job",
    description: "A queued job is cancelled at once, a running one soon; a finished one stays as it is.",
    verb: service.cancelJob,
    replies: { 200: { description: "The job as it is now", schema: jobSchema } },
    handler: async ({ run, id }) => json(toJob(await run({ jobId: id("job") }))),
  });
  router.add({
    method: "post",
    path: "/v1/jobs/{id}/retry",
    tag: "Jobs",
    summary: "Run a failed, dead or cancelled job again",
    verb: service.retryJob,
    replies: { 200: { description: "The job, queued again", schema: jobSchema } },
    handler: async ({ run, id }) => json(toJob(await run({ jobId: id("job") }))),
  });
}
