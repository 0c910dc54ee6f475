import { sha256, indexedInput, type CollectionId, type DocumentId, type JobEvents, type JobRecord, type TenantId } from "@footnote/core";
import { createExtractiveModel } from "@footnote/answers";
import { createFakeEmbedder } from "@footnote/core/testing";
import { createJobEvents, createSystemClock } from "@footnote/jobs";
import { detectMediaType } from "@footnote/ingestion";
import { createAnalyzer, pipelines } from "@footnote/retrieval";
import type { Scope, Store } from "@footnote/storage";
import { createReadiness, createService, type ServiceContext } from "@footnote/service";
import { openTestStore } from "@footnote/storage/testing";
import { createTelemetry } from "@footnote/telemetry";
import { createAuthenticator, issueKey, issueOperatorKey } from "@footnote/tenancy";
import { type Api, createApi } from "../create-api.ts";
import { serveApi } from "../serve.ts";

const { index } = pipelines.default;
const dimensions = 384;

export interface TestTenant {
  tenantId: TenantId;
  key: string;
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  /** A key with other rights, of the same tenant. */
  keyWith(scopes: Scope[], collections?: CollectionId[]): Promise<string>;
}
interface CallOptions {
  json?: unknown;
  body?: string | Uint8Array<ArrayBuffer> | FormData;
  headers?: Record<string, string>;
  key?: string | null;
}
interface Reply {
  status: number;
  headers: Headers;
  text: string;
  // What a test reads of a reply: the test's own expectations check the shape.
  json: ReturnType<typeof JSON.parse>;
}

export interface ServedTestApi {
  api: Api;
  url: string;
  store: Store;
  events: JobEvents;
  operatorKey: string;
  logged: string[];
  woken: { count: number };
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  tenant(): Promise<TestTenant>;
  /** Does what a worker would do for text documents: every waiting job of the tenant. Default language: `en`. */
  work(tenantId: TenantId, language?: string): Promise<void>;
  close(): Promise<void>;
}

/** The API over an embedded store, served on a free port, with an embedder that needs no model. */
export async function serveTestApi(options: Partial<ServiceContext> = {}): Promise<ServedTestApi> {
  const opened = await openTestStore("pglite", { spaces: [{ id: index.space, dimensions, tokenVectors: false }] });
  const { store } = opened;
  const embedder = createFakeEmbedder({ id: index.space, dimensions });
  const analyzer = createAnalyzer(index.analyzer);
  const events = createJobEvents();
  const logged: string[] = [];
  const woken = { count: 0 };
  const telemetry = createTelemetry({
    level: "debug",
    destination: { write: (line: string) => void logged.push(line) },
    processMetrics: false,
  });
  const model = createExtractiveModel({ embedder, analyzerFor: () => analyzer });
  const clock = createSystemClock();
  const authenticator = createAuthenticator({ store, clock, telemetry });
  const context: ServiceContext = {
    store,
    queue: { wake: () => void woken.count++ },
    jobEvents: events,
    detectMediaType,
    forgetKey: authenticator.forget,
    embedderFor: (space) => (space === index.space ? embedder : undefined),
    rerankers: [],
    modelNamed: (_tenant, name) => (name === "extractive" ? model : undefined),
    telemetry,
    clock,
    ...options,
  };
  const api = createApi({
    service: createService(context),
    authenticator,
    idempotency: store.idempotency,
    readiness: createReadiness({ store, queue: {}, embedderFor: context.embedderFor, clock }),
    telemetry,
    environment: { FOOTNOTE_MAX_UPLOAD_BYTES: 200_000, FOOTNOTE_CORS_ORIGINS: [] },
  });
  const served = await serveApi({ app: api.app, host: "127.0.0.1", port: 0 });
  const operatorKey = (await issueOperatorKey(store, "test")).key;

  async function call(method: string, path: string, { json, body, headers = {}, key = null }: CallOptions = {}): Promise<Reply> {
    const response = await fetch(served.url + path, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(json === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(json === undefined ? (body === undefined ? {} : { body }) : { body: JSON.stringify(json) }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : null };
  }

  async function ingest(tenantId: TenantId, job: JobRecord, language: string): Promise<void> {
    const started = await store.jobs.start(tenantId, job.id, { staleMs: 0 });
    if (!started) return;
    if (job.kind === "delete") {
      const result = await store.documents.erase(tenantId, job.documentId);
      await store.jobs.finish(tenantId, job.id, started.lease, { state: "succeeded", result });
    } else if (job.versionId) {
      await makeSearchable(tenantId, job.versionId, language);
      await store.jobs.finish(tenantId, job.id, started.lease, { state: "succeeded" });
    }
    events.publish({ jobId: job.id, state: "succeeded", stage: "done", progress: 1 });
  }

  async function makeSearchable(tenantId: TenantId, versionId: NonNullable<JobRecord["versionId"]>, language: string): Promise<void> {
    const version = await store.versions.get(tenantId, versionId);
    const bytes = version && (await store.blobs.get({ tenantId, sha256: version.sha256 }));
    if (!version || !bytes) throw new Error("The version or its blob is not there.");
    const text = Buffer.from(bytes).toString("utf8");
    const title = /^# (.+)$/m.exec(text)?.[1] ?? null;
    await store.versions.saveParsed(tenantId, versionId, {
      title,
      mediaType: version.mediaType,
      language,
      text,
      blocks: [],
      pages: [],
      warnings: [],
    });
    const chunks = [...text.matchAll(/[^\n]+/g)].map((match) => {
      const input = indexedInput({ title, headingPath: [], text: match[0], context: index.context });
      return {
        draft: {
          start: match.index,
          end: match.index + match[0].length,
          text: match[0],
          headingPath: [],
          tokenCount: embedder.countTokens(match[0]),
        },
        inputSha256: sha256(input),
        analyzed: analyzer.analyze(input),
      };
    });
    await store.versions.saveChunks(tenantId, versionId, chunks);
    const pending = await store.versions.pendingChunks(tenantId, versionId, index.space, 1000);
    const embeddings = await embedder.embed({ texts: pending.map((chunk) => chunk.text), purpose: "passage" });
    await store.versions.saveVectors(
      tenantId,
      versionId,
      index.space,
      pending.map(({ chunkId, inputSha256 }, i) => ({
        chunkId,
        inputSha256,
        vector: embeddings[i]?.vector ?? new Float32Array(dimensions),
      })),
    );
    await store.versions.publish(tenantId, versionId, index.space);
  }

  return {
    api,
    url: served.url,
    store,
    events,
    operatorKey,
    logged,
    woken,
    call,
    async tenant() {
      const { id: tenantId } = await store.routing.createTenant({ name: "test" });
      const { key } = await issueKey(store, tenantId, { name: "all", scopes: ["read", "ask", "ingest", "admin"] });
      return {
        tenantId,
        key,
        call: (method, path, given = {}) => call(method, path, { key, ...given }),
        keyWith: async (scopes, collections) =>
          (await issueKey(store, tenantId, { name: "limited", scopes, collections: collections ?? null })).key,
      };
    },
    async work(tenantId, language = "en") {
      const { data } = await store.jobs.list(tenantId, { state: "queued", limit: 100 });
      for (const job of data.toReversed()) await ingest(tenantId, job, language);
    },
    async close() {
      await api.drain({ graceMs: 0 });
      await served.close();
      await opened.close();
    },
  };
}

/** Puts a Markdown document and makes it searchable. */
export async function ingestText(
  served: ServedTestApi,
  tenant: TestTenant,
  externalId: string,
  text: string,
  language?: string,
): Promise<{ documentId: DocumentId; jobId: string }> {
  const reply = await tenant.call("PUT", `/v1/collections/manual/documents/${externalId}`, {
    body: text,
    headers: { "content-type": "text/markdown" },
  });
  if (reply.status !== 202) throw new Error(`The document was not taken: ${reply.text}`);
  await served.work(tenant.tenantId, language);
  return { documentId: reply.json.document.id, jobId: reply.json.job.id };
}
