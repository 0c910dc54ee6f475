import { z } from "zod";
import { FootnoteApiError } from "./api-error.ts";
import {
  type AnswerEvent,
  type AnswerRequest,
  answerEventSchemas,
  answerSchema,
  conversationSchema,
  type FeedbackRequest,
} from "./schemas/answers.ts";
import { traceExportSchema } from "./schemas/traces.ts";
import { collectionSchema, pipelineSchema, type PutCollection } from "./schemas/collections.ts";
import { type Metadata, type PageQuery, pageSchema } from "./schemas/common.ts";
import { acceptedDocumentSchema, chunkSchema, documentSchema, uploadResultSchema } from "./schemas/documents.ts";
import {
  acceptedEvalRunSchema,
  type CreateEvalRun,
  evalCandidateSchema,
  evalCaseSchema,
  evalDatasetSchema,
  evalResultSchema,
  evalRunSchema,
} from "./schemas/evaluations.ts";
import { readinessSchema } from "./schemas/health.ts";
import { type Job, jobSchema, type JobState } from "./schemas/jobs.ts";
import { type SearchRequest, searchResponseSchema } from "./schemas/search.ts";
import {
  auditEntrySchema,
  type CreateKey,
  createdKeySchema,
  type CreateTenant,
  keySchema,
  tenantSchema,
  usageSummarySchema,
} from "./schemas/tenancy.ts";
import { parseEventStream } from "./sse-parser.ts";
import { type CallOptions, type ClientOptions, type CreateOptions, createTransport, sleep } from "./transport.ts";

export interface PutDocument {
  collection: string;
  externalId: string;
  content: Uint8Array<ArrayBuffer> | string | Blob;
  mediaType: string;
  title?: string | undefined;
  metadata?: Metadata | undefined;
  access?: string[] | undefined;
}

export const finishedJobStates: ReadonlySet<JobState> = new Set<JobState>(["succeeded", "failed", "cancelled", "dead"]);

export type Client = ReturnType<typeof createClient>;

/** A typed client of the HTTP API; runs in browsers. Throws `FootnoteApiError`; an abort throws the signal's reason. */
export function createClient(options: ClientOptions) {
  const { url } = options;
  const { send, call, json, nothing, create } = createTransport(options);

  const client = {
    url,
    collections: {
      put: (collection: string, settings: PutCollection = {}, given: CallOptions = {}) =>
        json(collectionSchema, "PUT", `/v1/collections/${part(collection)}`, { json: settings, ...given }),
      get: (collection: string, given: CallOptions = {}) => json(collectionSchema, "GET", `/v1/collections/${part(collection)}`, given),
      list: (page: PageQuery = {}, given: CallOptions = {}) =>
        json(pageSchema(collectionSchema), "GET", `/v1/collections${query(page)}`, given),
    },
    documents: {
      put: (document: PutDocument, given: CallOptions = {}) =>
        json(acceptedDocumentSchema, "PUT", `/v1/collections/${part(document.collection)}/documents/${part(document.externalId)}`, {
          ...given,
          body: document.content,
          headers: documentHeaders(document),
        }),
      /** Many files at once; a file's name is its externalId. */
      upload: (
        upload: { collection: string; files: { name: string; content: Blob }[]; metadata?: Metadata; access?: string[] },
        given: CreateOptions = {},
      ) => {
        const form = new FormData();
        for (const file of upload.files) form.append("file", file.content, file.name);
        if (upload.metadata) form.append("metadata", JSON.stringify(upload.metadata));
        if (upload.access) form.append("access", JSON.stringify(upload.access));
        return json(uploadResultSchema, "POST", `/v1/collections/${part(upload.collection)}/documents`, { ...create(given), body: form });
      },
      list: (collection: string, page: PageQuery = {}, given: CallOptions = {}) =>
        json(pageSchema(documentSchema), "GET", `/v1/collections/${part(collection)}/documents${query(page)}`, given),
      get: (id: string, given: CallOptions = {}) => json(documentSchema, "GET", `/v1/documents/${part(id)}`, given),
      text: (id: string, version?: string, given: CallOptions = {}) =>
        call("GET", `/v1/documents/${part(id)}/text${query({ version })}`, given, (response) => response.text()),
      content: (id: string, version?: string, given: CallOptions = {}) =>
        call("GET", `/v1/documents/${part(id)}/content${query({ version })}`, given, (response) => response.blob()),
      chunks: (id: string, page: PageQuery & { version?: string } = {}, given: CallOptions = {}) =>
        json(pageSchema(chunkSchema), "GET", `/v1/documents/${part(id)}/chunks${query({ ...page })}`, given),
      delete: async (id: string, given: CallOptions = {}) =>
        (await json(deletionSchema, "DELETE", `/v1/documents/${part(id)}`, { ...given, repeatable: false })).job,
    },
    jobs: {
      list: (page: PageQuery & { state?: JobState; document?: string; collection?: string } = {}, given: CallOptions = {}) =>
        json(pageSchema(jobSchema), "GET", `/v1/jobs${query({ ...page })}`, given),
      get: (id: string, given: CallOptions = {}) => json(jobSchema, "GET", `/v1/jobs/${part(id)}`, given),
      cancel: (id: string, given: CallOptions = {}) =>
        json(jobSchema, "POST", `/v1/jobs/${part(id)}/cancel`, { ...given, repeatable: true }),
      retry: (id: string, given: CallOptions = {}) => json(jobSchema, "POST", `/v1/jobs/${part(id)}/retry`, given),
      /** The job each time it changed, until it is finished. */
      async *events(id: string, given: CallOptions = {}): AsyncGenerator<Job, void, undefined> {
        const body = await call("GET", `/v1/jobs/${part(id)}/events`, { ...given, headers: { accept: "text/event-stream" } }, bodyOf);
        for await (const event of parseEventStream(body)) {
          if (event.event === "job") yield jobSchema.parse(JSON.parse(event.data));
        }
      },
      /** Waits until the job is finished, over dropped connections too, and returns it. */
      async wait(id: string, given: CallOptions & { onUpdate?: (job: Job) => void } = {}): Promise<Job> {
        const { onUpdate, signal } = given;
        for (;;) {
          try {
            for await (const job of client.jobs.events(id, { signal })) {
              onUpdate?.(job);
              if (finishedJobStates.has(job.state)) return job;
            }
          } catch (error) {
            signal?.throwIfAborted();
            if (error instanceof FootnoteApiError && !error.isRetryable) throw error;
          }
          const job = await client.jobs.get(id, { signal });
          if (finishedJobStates.has(job.state)) return job;
          await sleep(500, signal);
        }
      },
    },
    search: (request: SearchRequest, given: CallOptions = {}) =>
      json(searchResponseSchema, "POST", "/v1/search", { json: request, repeatable: true, ...given }),
    answers: {
      create: (request: Omit<AnswerRequest, "stream">, given: CreateOptions = {}) =>
        json(answerSchema, "POST", "/v1/answers", { ...create({ timeoutMs: 180_000, ...given }), json: { ...request, stream: false } }),
      /** The answer as it is made. Leaving the loop early stops the work on the server. */
      async *stream(request: Omit<AnswerRequest, "stream">, given: CallOptions = {}): AsyncGenerator<AnswerEvent, void, undefined> {
        const body = await call(
          "POST",
          "/v1/answers",
          { ...given, json: { ...request, stream: true }, headers: { accept: "text/event-stream" } },
          bodyOf,
        );
        for await (const { event, data } of parseEventStream(body)) {
          const known = toAnswerEvent(event, data);
          if (known) yield known;
        }
      },
      get: (id: string, given: CallOptions = {}) => json(answerSchema, "GET", `/v1/answers/${part(id)}`, given),
      /** What each step of an answer was given and gave. */
      trace: (id: string, given: CallOptions = {}) => json(traceExportSchema, "GET", `/v1/answers/${part(id)}/trace`, given),
      feedback: (id: string, feedback: FeedbackRequest, given: CallOptions = {}) =>
        nothing("POST", `/v1/answers/${part(id)}/feedback`, { json: feedback, repeatable: true, ...given }),
    },
    conversations: {
      get: (id: string, given: CallOptions = {}) => json(conversationSchema, "GET", `/v1/conversations/${part(id)}`, given),
      delete: (id: string, given: CallOptions = {}) => nothing("DELETE", `/v1/conversations/${part(id)}`, { ...given, repeatable: false }),
    },
    keys: {
      create: (request: CreateKey, given: CreateOptions = {}) =>
        json(createdKeySchema, "POST", "/v1/keys", { ...create(given), json: request }),
      list: (page: PageQuery = {}, given: CallOptions = {}) => json(pageSchema(keySchema), "GET", `/v1/keys${query(page)}`, given),
      revoke: (id: string, given: CallOptions = {}) => json(keySchema, "DELETE", `/v1/keys/${part(id)}`, given),
    },
    evals: {
      /** Answers that were rated down, as cases to be reviewed. */
      candidates: (page: PageQuery & { collection?: string } = {}, given: CallOptions = {}) =>
        json(pageSchema(evalCandidateSchema), "GET", `/v1/evals/candidates${query({ ...page })}`, given),
      datasets: {
        /** `cases`: JSON Lines. */
        put: (dataset: { collection: string; name: string; cases: string | Blob }, given: CallOptions = {}) =>
          json(evalDatasetSchema, "PUT", `/v1/collections/${part(dataset.collection)}/datasets/${part(dataset.name)}`, {
            ...given,
            body: dataset.cases,
            headers: { "content-type": "application/x-ndjson" },
          }),
        get: (name: string, given: CallOptions = {}) => json(datasetWithCases, "GET", `/v1/evals/datasets/${part(name)}`, given),
        list: (page: PageQuery = {}, given: CallOptions = {}) =>
          json(pageSchema(evalDatasetSchema), "GET", `/v1/evals/datasets${query(page)}`, given),
        delete: (name: string, given: CallOptions = {}) =>
          nothing("DELETE", `/v1/evals/datasets/${part(name)}`, { ...given, repeatable: false }),
      },
      runs: {
        create: (request: CreateEvalRun, given: CreateOptions = {}) =>
          json(acceptedEvalRunSchema, "POST", "/v1/evals/runs", { ...create(given), json: request }),
        get: (id: string, given: CallOptions = {}) => json(evalRunSchema, "GET", `/v1/evals/runs/${part(id)}`, given),
        list: (page: PageQuery & { dataset?: string } = {}, given: CallOptions = {}) =>
          json(pageSchema(evalRunSchema), "GET", `/v1/evals/runs${query({ ...page })}`, given),
        delete: (id: string, given: CallOptions = {}) => nothing("DELETE", `/v1/evals/runs/${part(id)}`, { ...given, repeatable: false }),
        results: (id: string, page: PageQuery & { tag?: string; metric?: string; below?: number } = {}, given: CallOptions = {}) =>
          json(pageSchema(evalResultSchema), "GET", `/v1/evals/runs/${part(id)}/results${query({ ...page })}`, given),
      },
    },
    audit: {
      list: (page: PageQuery = {}, given: CallOptions = {}) => json(pageSchema(auditEntrySchema), "GET", `/v1/audit${query(page)}`, given),
    },
    usage: (range: { from?: string; to?: string } = {}, given: CallOptions = {}) =>
      json(usageSummarySchema, "GET", `/v1/usage${query(range)}`, given),
    pipelines: { list: (given: CallOptions = {}) => json(pageSchema(pipelineSchema), "GET", "/v1/pipelines", given) },
    admin: {
      tenants: {
        create: (request: CreateTenant, given: CreateOptions = {}) =>
          json(tenantSchema, "POST", "/v1/admin/tenants", { ...create(given), json: request }),
        list: (page: PageQuery = {}, given: CallOptions = {}) =>
          json(pageSchema(tenantSchema), "GET", `/v1/admin/tenants${query(page)}`, given),
        createKey: (tenantId: string, request: CreateKey, given: CreateOptions = {}) =>
          json(createdKeySchema, "POST", `/v1/admin/tenants/${part(tenantId)}/keys`, { ...create(given), json: request }),
      },
    },
    /** What the server says about itself; an unready one is a reply, too. */
    async ready(given: CallOptions = {}): Promise<z.infer<typeof readinessSchema>> {
      const response = await send(
        new Request(new URL("/readyz", url), { signal: given.signal ?? AbortSignal.timeout(given.timeoutMs ?? 10_000) }),
      );
      return readinessSchema.parse(await response.json());
    },
  };
  return client;
}

const datasetWithCases = evalDatasetSchema.extend({ cases: z.array(evalCaseSchema) });
const deletionSchema = z.object({ job: jobSchema });

const part = encodeURIComponent;

function query(values: Record<string, string | number | undefined> | PageQuery): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}

function documentHeaders(document: {
  mediaType: string;
  title?: string | undefined;
  metadata?: Metadata | undefined;
  access?: string[] | undefined;
}) {
  return {
    "content-type": document.mediaType,
    ...(document.title === undefined ? {} : { "footnote-title": encodeURIComponent(document.title) }),
    ...(document.metadata === undefined ? {} : { "footnote-metadata": asciiJson(document.metadata) }),
    ...(document.access === undefined ? {} : { "footnote-access": asciiJson(document.access) }),
  };
}

async function bodyOf(response: Response): Promise<ReadableStream<Uint8Array>> {
  if (response.body) return response.body;
  throw new FootnoteApiError({ status: response.status, code: "invalid_response", message: "The server sent an empty stream; try again." });
}

function toAnswerEvent(name: string, data: string): AnswerEvent | null {
  const value: unknown = JSON.parse(data);
  switch (name) {
    case "answer-start":
      return { type: name, ...answerEventSchemas[name].parse(value) };
    case "sources":
      return { type: name, ...answerEventSchemas[name].parse(value) };
    case "text-delta":
      return { type: name, ...answerEventSchemas[name].parse(value) };
    case "citation":
      return { type: name, ...answerEventSchemas[name].parse(value) };
    case "claim":
      return { type: name, ...answerEventSchemas[name].parse(value) };
    case "answer-end":
      return { type: name, ...answerEventSchemas[name].parse(value) };
    case "error":
      return { type: name, ...answerEventSchemas[name].parse(value) };
    default:
      return null;
  }
}

/** JSON in which every character beyond ASCII is escaped: header values carry Latin-1 only. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
