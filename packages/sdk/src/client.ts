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
import { type Metadata, type PageQuery, pageSchema, problemSchema } from "./schemas/common.ts";
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

export interface ClientOptions {
  /** Where the server is, such as `http://127.0.0.1:8787`. */
  url: string;
  key?: string;
  /** Default: the global fetch. An API in the same process gives `(request) => app.fetch(request)`. */
  fetch?: (request: Request) => Promise<Response>;
  /** Until the reply's head; of a JSON reply, until its end. Default 60,000. */
  timeoutMs?: number;
  /** Tries after the first one, of calls that may be repeated. Default 4. */
  retries?: number;
  /** Longest wait between two tries, also when the server asks for more. Default 10,000. */
  maxRetryDelayMs?: number;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  timeoutMs?: number | undefined;
}
export interface CreateOptions extends CallOptions {
  /** Default: a new one, so that a retry does not create twice. */
  idempotencyKey?: string | undefined;
}
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
  const { url, key, timeoutMs: defaultTimeoutMs = 60_000, retries = 4, maxRetryDelayMs = 10_000 } = options;
  const send = options.fetch ?? ((request: Request) => globalThis.fetch(request));

  interface Call extends CallOptions {
    json?: unknown;
    body?: Uint8Array<ArrayBuffer> | string | Blob | FormData;
    headers?: Record<string, string>;
    /** Whether it may be sent twice. Default: every method but POST. */
    repeatable?: boolean;
  }

  async function call<T>(method: string, path: string, request: Call, read: (response: Response) => Promise<T>): Promise<T> {
    const repeatable = request.repeatable ?? method !== "POST";
    for (let attempt = 0; ; attempt++) {
      try {
        return await once(method, path, request, read);
      } catch (error) {
        request.signal?.throwIfAborted();
        if (!(error instanceof FootnoteApiError) || !error.isRetryable || attempt >= retries) throw error;
        // 429 and 503 were refused before any work; anything else may have been done.
        if (!repeatable && error.status !== 429 && !(error.status === 503 && error.retryAfterMs !== null)) throw error;
        const backoffMs = Math.random() * Math.min(maxRetryDelayMs, 200 * 2 ** attempt);
        await sleep(Math.min(maxRetryDelayMs, error.retryAfterMs ?? backoffMs), request.signal);
      }
    }
  }

  async function once<T>(method: string, path: string, request: Call, read: (response: Response) => Promise<T>): Promise<T> {
    request.signal?.throwIfAborted();
    const timeoutMs = request.timeoutMs ?? defaultTimeoutMs;
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), timeoutMs);
    const signal = request.signal ? AbortSignal.any([request.signal, timeout.signal]) : timeout.signal;
    const body = request.json === undefined ? request.body : JSON.stringify(request.json);
    try {
      const response = await send(
        new Request(new URL(path, url), {
          method,
          signal,
          headers: {
            accept: "application/json",
            ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
            ...(request.json === undefined ? {} : { "content-type": "application/json" }),
            ...request.headers,
          },
          ...(body === undefined ? {} : { body }),
        }),
      );
      if (!response.ok) throw await problemOf(method, path, response);
      return await read(response);
    } catch (error) {
      if (error instanceof FootnoteApiError) throw error;
      request.signal?.throwIfAborted();
      if (timeout.signal.aborted) {
        throw new FootnoteApiError({
          status: 0,
          code: "timeout",
          message: `The server did not answer ${method} ${path} within ${timeoutMs} ms.`,
          cause: error,
        });
      }
      throw new FootnoteApiError({
        status: 0,
        code: "connection_failed",
        message: `The server at ${url} does not answer; check that it runs.`,
        cause: error,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  async function json<S extends z.ZodType>(schema: S, method: string, path: string, request: Call = {}): Promise<z.infer<S>> {
    return call(method, path, request, async (response) => {
      const parsed = schema.safeParse(await response.json());
      if (parsed.success) return parsed.data;
      throw new FootnoteApiError({
        status: response.status,
        code: "invalid_response",
        message: `The reply to ${method} ${path} has another form than this client knows; update it.`,
        requestId: response.headers.get("x-request-id"),
        cause: parsed.error,
      });
    });
  }
  const nothing = (method: string, path: string, request: Call = {}) =>
    call(method, path, request, async (response) => {
      await response.body?.cancel();
    });
  const create = (given: CreateOptions = {}): Call => ({
    signal: given.signal,
    timeoutMs: given.timeoutMs,
    repeatable: true,
    headers: { "idempotency-key": given.idempotencyKey ?? randomKey() },
  });

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

async function bodyOf(response: Response): Promise<ReadableStream<Uint8Array>> {
  if (response.body) return response.body;
  throw new FootnoteApiError({ status: response.status, code: "invalid_response", message: "The server sent an empty stream; try again." });
}

async function problemOf(method: string, path: string, response: Response): Promise<FootnoteApiError> {
  const text = await response.text().catch(() => "");
  let parsed: unknown = null;
  try {
    parsed = JSON.parse(text);
  } catch {
    // A proxy's own page: only its status says something.
  }
  const problem = problemSchema.safeParse(parsed);
  return new FootnoteApiError({
    status: response.status,
    code: problem.success ? problem.data.code : "unknown",
    message: problem.success
      ? (problem.data.detail ?? problem.data.title)
      : `The server answered ${method} ${path} with status ${response.status}.`,
    problem: problem.success ? problem.data : null,
    requestId: response.headers.get("x-request-id"),
    retryAfterMs: retryAfterMs(response.headers.get("retry-after")),
  });
}

/** `Retry-After` in seconds or as a date (RFC 9110, 10.2.3). */
export function retryAfterMs(header: string | null, nowMs: number = Date.now()): number | null {
  if (header === null) return null;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
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

function randomKey(): string {
  return Array.from(globalThis.crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
