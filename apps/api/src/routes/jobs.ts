import { FootnoteError, isId, type JobId, type JobRecord, throwIfAborted } from "@footnote/core";
import { createEventStream, type ServerEvent } from "@footnote/answers";
import { watchJob } from "@footnote/jobs";
import { jobQuerySchema, jobSchema, pageQuerySchema, pageSchema } from "@footnote/sdk";
import { maySeeCollection, type TenantPrincipal } from "@footnote/tenancy";
import type { ApiDependencies } from "../dependencies.ts";
import type { Drain } from "../drain.ts";
import { page } from "../page.ts";
import { findCollection } from "../pipelines-in-use.ts";
import { toProblem } from "../problem.ts";
import { eventStreamHeaders } from "../event-stream-headers.ts";
import { json, notFound, type Router, scoped } from "../route.ts";
import { toJob, toPage } from "../wire.ts";

export function addJobRoutes(router: Router, { store, queue, jobEvents }: ApiDependencies, drain: Drain): void {
  async function findJob(principal: TenantPrincipal, id: JobId): Promise<JobRecord> {
    const job = await store.jobs.get(principal.tenantId, id);
    if (!job || !maySeeCollection(principal, job.collectionId)) throw notFound();
    return job;
  }

  router.add({
    method: "get",
    path: "/v1/jobs",
    tag: "Jobs",
    summary: "List jobs, newest first",
    guard: scoped("read"),
    query: pageQuerySchema.extend(jobQuerySchema.shape),
    replies: { 200: { description: "A page of jobs", schema: pageSchema(jobSchema) } },
    async handler({ principal, query }) {
      if (principal.collections !== null && query.collection === undefined) {
        throw new FootnoteError("invalid_request", "This key is limited to collections: name one with ?collection=.");
      }
      if (query.document !== undefined && !isId("document", query.document)) throw notFound();
      const collection = query.collection === undefined ? null : await findCollection(store, principal, query.collection);
      const found = await store.jobs.list(principal.tenantId, {
        ...page(query),
        ...(query.state === undefined ? {} : { state: query.state }),
        ...(query.document === undefined ? {} : { documentId: query.document }),
        ...(collection ? { collectionId: collection.id } : {}),
      });
      return json(toPage(found, toJob));
    },
  });
  router.add({
    method: "get",
    path: "/v1/jobs/{id}",
    tag: "Jobs",
    summary: "Read a job",
    guard: scoped("read"),
    replies: { 200: { description: "The job", schema: jobSchema } },
    handler: async ({ principal, id }) => json(toJob(await findJob(principal, id("job")))),
  });
  router.add({
    method: "get",
    path: "/v1/jobs/{id}/events",
    tag: "Jobs",
    summary: "Watch a job until it is finished",
    description: "Server-sent events named job, each with the whole job; the stream ends after the last one.",
    guard: scoped("read"),
    replies: { 200: { description: "Events", contentType: "text/event-stream" } },
    async handler({ principal, id, request, requestId, holdOpen }) {
      const job = await findJob(principal, id("job"));
      const left = new AbortController();
      const signal = AbortSignal.any([request.signal, left.signal, drain.signal]);
      const release = holdOpen();
      async function* events(): AsyncGenerator<ServerEvent> {
        try {
          for await (const update of watchJob({ store, events: jobEvents, tenantId: principal.tenantId, jobId: job.id, signal })) {
            yield { event: "job", data: toJob(update) };
          }
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
    guard: scoped("ingest"),
    replies: { 200: { description: "The job as it is now", schema: jobSchema } },
    async handler({ principal, id, audit }) {
      const { id: jobId } = await findJob(principal, id("job"));
      const job = await store.jobs.cancel(principal.tenantId, jobId, audit);
      if (!job) throw notFound();
      jobEvents.requestCancel(jobId);
      return json(toJob(job));
    },
  });
  router.add({
    method: "post",
    path: "/v1/jobs/{id}/retry",
    tag: "Jobs",
    summary: "Run a failed, dead or cancelled job again",
    guard: scoped("ingest"),
    replies: { 200: { description: "The job, queued again", schema: jobSchema } },
    async handler({ principal, id, audit }) {
      const { id: jobId } = await findJob(principal, id("job"));
      const job = await store.jobs.retry(principal.tenantId, jobId, audit);
      if (!job) throw notFound();
      queue.wake();
      return json(toJob(job));
    },
  });
}
