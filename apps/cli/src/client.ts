import { errorCodes, FootnoteError } from "@footnote/core";
import type { ErrorCode } from "@footnote/core";
import { z } from "zod";

const errorSchema = z.object({ code: z.string(), message: z.string() });
const documentSchema = z.object({
  id: z.string(),
  externalId: z.string(),
  title: z.string().nullable(),
  mediaType: z.string(),
  state: z.string(),
  metadata: z.record(z.string(), z.unknown()).default({}),
});
const jobSchema = z.object({
  id: z.string(),
  state: z.enum(["queued", "running", "succeeded", "failed", "cancelled", "dead"]),
  stage: z.string(),
  progress: z.number(),
  error: errorSchema.nullish(),
});
const hitSchema = z.object({
  chunk: z.object({
    documentId: z.string(),
    text: z.string(),
    title: z.string().nullable(),
    page: z.number().nullish(),
    start: z.number(),
    end: z.number(),
  }),
  score: z.number(),
  ranks: z.record(z.string(), z.unknown()),
});
const searchSchema = z.object({ hits: z.array(hitSchema), timings: z.record(z.string(), z.number()), degraded: z.array(z.unknown()) });
const citationSchema = z.object({
  marker: z.number(),
  quote: z.string(),
  source: z.object({ documentId: z.string(), title: z.string().nullable(), url: z.string().nullish(), page: z.number().nullish() }),
});
const answerEventSchema = z.union([
  z.looseObject({ type: z.literal("text-delta"), text: z.string() }),
  citationSchema.loose().extend({ type: z.literal("citation") }),
  z.looseObject({ type: z.literal("answer-end"), finishReason: z.string() }),
  z.looseObject({
    type: z.literal("error"),
    problem: z.looseObject({ code: z.string(), title: z.string(), detail: z.string().optional() }),
  }),
  z.looseObject({ type: z.string() }),
]);
const tenantSchema = z.object({ id: z.string(), name: z.string() });
const keySchema = z.looseObject({ id: z.string(), name: z.string().optional(), scopes: z.array(z.string()).optional() });
const page = <T extends z.ZodType>(item: T) => z.object({ data: z.array(item), nextCursor: z.string().nullable() });
const problemSchema = z.object({ code: z.string(), title: z.string(), detail: z.string().optional() });

export type ApiDocument = z.infer<typeof documentSchema>;
export type ApiJob = z.infer<typeof jobSchema>;
export type ApiCitation = z.infer<typeof citationSchema>;
export type ApiSearch = z.infer<typeof searchSchema>;
export type ApiAnswerEvent = z.infer<typeof answerEventSchema>;

export interface ApiClientOptions {
  url: string;
  key: string;
  /** Default: the global fetch. An API in this process gives its own. */
  fetch?: (request: Request) => Promise<Response>;
}

/** The HTTP API as the commands use it, over the network or in this process. */
export type ApiClient = ReturnType<typeof createApiClient>;

function isErrorCode(code: string): code is ErrorCode {
  return errorCodes.some((known) => known === code);
}

export function createApiClient(options: ApiClientOptions) {
  const { url, key, fetch = (request: Request) => globalThis.fetch(request) } = options;

  interface Call {
    json?: unknown;
    bytes?: Uint8Array<ArrayBuffer>;
    headers?: Record<string, string>;
    signal?: AbortSignal;
    /** Times to try again what the server said to try later. Default 10. */
    retries?: number;
  }
  async function send(method: string, path: string, call: Call = {}): Promise<Response> {
    const { json, bytes, headers = {}, signal, retries = 10 } = call;
    const body = json === undefined ? bytes : JSON.stringify(json);
    for (let attempt = 0; ; attempt++) {
      const request = new Request(new URL(path, url), {
        method,
        headers: { authorization: `Bearer ${key}`, ...(json === undefined ? {} : { "content-type": "application/json" }), ...headers },
        ...(body === undefined ? {} : { body }),
        ...(signal ? { signal } : {}),
      });
      let response: Response;
      try {
        response = await fetch(request);
      } catch (error) {
        if (signal?.aborted) throw error;
        throw new FootnoteError("upstream_failed", `The server at ${url} does not answer; check that it runs.`, { cause: error });
      }
      if (response.ok) return response;
      if ((response.status === 429 || response.status === 503) && attempt < retries) {
        await response.body?.cancel();
        const seconds = Math.min(5, Number(response.headers.get("retry-after")) || 0.5);
        await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
        continue;
      }
      const problem = problemSchema.safeParse(await response.json().catch(() => null));
      if (!problem.success)
        throw new FootnoteError("upstream_failed", `The server answered ${method} ${path} with status ${response.status}.`);
      const { code, title, detail } = problem.data;
      throw new FootnoteError(isErrorCode(code) ? code : "upstream_failed", detail ?? title, { details: { status: response.status } });
    }
  }
  async function read<T>(schema: z.ZodType<T>, response: Promise<Response>): Promise<T> {
    return schema.parse(await (await response).json());
  }
  const part = (value: string) => encodeURIComponent(value);

  async function* pages<T extends z.ZodType>(path: string, item: T): AsyncGenerator<z.infer<T>> {
    let cursor: string | null = null;
    do {
      const query: string = `?limit=100${cursor === null ? "" : `&cursor=${part(cursor)}`}`;
      const found: { data: z.infer<T>[]; nextCursor: string | null } = await read(page(item), send("GET", path + query));
      yield* found.data;
      cursor = found.nextCursor;
    } while (cursor !== null);
  }

  return {
    url,
    async putCollection(name: string, settings: Record<string, unknown> = {}): Promise<void> {
      await send("PUT", `/v1/collections/${part(name)}`, { json: settings });
    },
    listDocuments: (collection: string) => pages(`/v1/collections/${part(collection)}/documents`, documentSchema),
    putDocument: async (document: {
      collection: string;
      externalId: string;
      bytes: Uint8Array<ArrayBuffer>;
      mediaType: string;
      metadata?: Record<string, unknown>;
      signal?: AbortSignal;
    }) =>
      await read(
        z.object({ document: documentSchema.partial().extend({ id: z.string() }), job: jobSchema }),
        send("PUT", `/v1/collections/${part(document.collection)}/documents/${part(document.externalId)}`, {
          bytes: document.bytes,
          headers: {
            "content-type": document.mediaType,
            // Headers carry Latin-1 only: what is beyond is escaped within the JSON.
            ...(document.metadata ? { "footnote-metadata": asciiJson(document.metadata) } : {}),
          },
          ...(document.signal ? { signal: document.signal } : {}),
        }),
      ),
    deleteDocument: async (id: string) => await read(z.object({ job: jobSchema }), send("DELETE", `/v1/documents/${part(id)}`)),
    getJob: async (id: string) => await read(jobSchema, send("GET", `/v1/jobs/${part(id)}`)),
    search: async (request: { query: string; collection: string; limit: number; pipeline?: string; signal?: AbortSignal }) => {
      const { signal, ...json } = request;
      return await read(searchSchema, send("POST", "/v1/search", { json, ...(signal ? { signal } : {}) }));
    },
    async *answer(request: {
      question: string;
      collection: string;
      pipeline?: string;
      signal?: AbortSignal;
    }): AsyncGenerator<ApiAnswerEvent> {
      const { signal, ...json } = request;
      const response = await send("POST", "/v1/answers", {
        json: { ...json, stream: true },
        headers: { accept: "text/event-stream" },
        ...(signal ? { signal } : {}),
      });
      if (!response.body) throw new FootnoteError("upstream_failed", "The server sent an empty stream; try again.");
      let name = "";
      for await (const { field, value } of eventFields(response.body)) {
        if (field === "event") name = value;
        else if (field === "data")
          yield answerEventSchema.parse({ type: name, ...z.record(z.string(), z.unknown()).parse(JSON.parse(value)) });
      }
    },
    listTenants: () => pages("/v1/admin/tenants", tenantSchema),
    createTenant: async (name: string) => await read(tenantSchema, send("POST", "/v1/admin/tenants", { json: { name } })),
    createTenantKey: async (tenantId: string, scopes: string[], name?: string) =>
      await read(
        keySchema.extend({ key: z.string() }),
        send("POST", `/v1/admin/tenants/${part(tenantId)}/keys`, { json: { scopes, ...(name ? { name } : {}) } }),
      ),
    listKeys: () => pages("/v1/keys", keySchema),
    createKey: async (key: { name: string; scopes: string[] }) =>
      await read(keySchema.extend({ key: z.string() }), send("POST", "/v1/keys", { json: key })),
    revokeKey: async (id: string) => void (await send("DELETE", `/v1/keys/${part(id)}`)),
    async isReady(): Promise<boolean> {
      const response = await fetch(new Request(new URL("/readyz", url), { signal: AbortSignal.timeout(3000) })).catch(() => null);
      await response?.body?.cancel();
      return response?.ok === true;
    },
  };
}

/** JSON in which every character beyond ASCII is escaped. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/[\u0080-\uffff]/gu, (char) =>
    Array.from({ length: char.length }, (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, "0")}`).join(""),
  );
}

/** Fields of a server-sent event stream, comments left out (WHATWG HTML, 9.2.6). */
async function* eventFields(body: ReadableStream<Uint8Array>): AsyncGenerator<{ field: string; value: string }> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of body) {
    rest += decoder.decode(bytes, { stream: true });
    const lines = rest.split(/\r?\n/u);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const colon = line.indexOf(":");
      if (colon > 0) yield { field: line.slice(0, colon), value: line.slice(colon + 1).replace(/^ /u, "") };
    }
  }
}
