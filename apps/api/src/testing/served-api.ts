import type { CollectionId, DocumentId, JobEvents, Scope, TenantId } from "@footnote/core";
import { createReadiness, type ServiceContext } from "@footnote/service";
import { openTestService } from "@footnote/service/testing";
import type { Store } from "@footnote/storage";
import { issueOperatorKey } from "@footnote/tenancy";
import { type Api, createApi } from "../create-api.ts";
import { serveApi } from "../serve.ts";
import { testBy } from "@footnote/storage/testing";

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
  const opened = await openTestService(options);
  const { store, context, telemetry } = opened;
  const api = createApi({
    service: opened.service,
    authenticator: opened.authenticator,
    idempotency: store.idempotency,
    readiness: createReadiness({ store, queue: {}, embedderFor: context.embedderFor, clock: context.clock }),
    telemetry,
    environment: { FOOTNOTE_MAX_UPLOAD_BYTES: 200_000, FOOTNOTE_CORS_ORIGINS: [] },
  });
  const served = await serveApi({ app: api.app, host: "127.0.0.1", port: 0 });
  const operatorKey = (await issueOperatorKey(store, { name: "test", by: testBy })).key;

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

  return {
    api,
    url: served.url,
    store,
    events: opened.events,
    operatorKey,
    logged: opened.logged,
    woken: opened.woken,
    call,
    async tenant() {
      const { tenantId, key, keyWith } = await opened.tenant();
      return { tenantId, key, keyWith, call: (method, path, given = {}) => call(method, path, { key, ...given }) };
    },
    work: opened.work,
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
