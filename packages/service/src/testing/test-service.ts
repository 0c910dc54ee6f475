import { createExtractiveModel, withResilience } from "@footnote/answers";
import {
  type CollectionId,
  createSystemClock,
  indexedInput,
  type JobEvents,
  type JobRecord,
  type KeyActor,
  newId,
  type OperatorActor,
  type Scope,
  sha256,
  type TenantId,
} from "@footnote/core";
import { createFakeEmbedder } from "@footnote/core/testing";
import { detectMediaType } from "@footnote/ingestion";
import { createJobEvents } from "@footnote/jobs";
import { createAnalyzer, pipelines } from "@footnote/retrieval";
import type { Store } from "@footnote/storage";
import { openTestStore } from "@footnote/storage/testing";
import { type ApplicationTelemetry, createTelemetry } from "@footnote/telemetry";
import { type Authenticator, createAuthenticator, issueKey } from "@footnote/tenancy";
import { createService, type Service } from "../create-service.ts";
import type { ServiceContext } from "../service-context.ts";
import { testBy } from "@footnote/storage/testing";

const { index } = pipelines.default;
const dimensions = 384;

export interface TestService {
  service: Service;
  context: ServiceContext;
  store: Store;
  events: JobEvents;
  authenticator: Authenticator;
  telemetry: ApplicationTelemetry;
  operator: OperatorActor;
  /** Runs SQL as the superuser, past row-level security. */
  superuser(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  logged: string[];
  woken: { count: number };
  /** A new tenant with an actor of every scope. */
  tenant(): Promise<TestTenant>;
  /** Does what a worker would do for text documents: every waiting job of the tenant. Default language: `en`. */
  work(tenantId: TenantId, language?: string): Promise<void>;
  close(): Promise<void>;
}

export interface TestTenant {
  tenantId: TenantId;
  actor: KeyActor;
  /** The secret of the actor's key. */
  key: string;
  /** A key with other rights, of the same tenant. */
  keyWith(scopes: Scope[], collections?: CollectionId[]): Promise<string>;
}

/** The verbs over an embedded store, with an embedder that needs no model. */
export async function openTestService(options: Partial<ServiceContext> = {}): Promise<TestService> {
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
  const clock = createSystemClock();
  const authenticator = createAuthenticator({ store, clock, telemetry });
  const extractive = withResilience(createExtractiveModel({ embedder, analyzerFor: () => analyzer }), { clock, telemetry });
  const context: ServiceContext = {
    store,
    queue: { wake: () => void woken.count++ },
    jobEvents: events,
    detectMediaType,
    actorOf: authenticator.actorOf,
    forgetKey: authenticator.forget,
    judges: {},
    embedderFor: (space) => (space === index.space ? embedder : undefined),
    rerankers: [],
    modelNamed: (_tenant, name) => (name === "extractive" ? extractive : undefined),
    telemetry,
    clock,
    ...options,
  };

  async function runJob(tenantId: TenantId, job: JobRecord, language: string): Promise<void> {
    const started = await store.jobs.start(tenantId, job.id, { staleMs: 0 });
    if (!started) return;
    if (job.kind === "delete") {
      const result = await store.documents.erase(tenantId, job.documentId, testBy);
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
    const inputOf = (line: string) => indexedInput({ title, headingPath: [], text: line, context: index.context });
    const chunks = [...text.matchAll(/[^\n]+/g)].map((match) => {
      const input = inputOf(match[0]);
      return {
        draft: {
          start: match.index,
          end: match.index + match[0].length,
          text: match[0],
          headingPath: [],
          tokenCount: embedder.countTokens(match[0]),
        },
        inputSha256: sha256(input),
      };
    });
    await store.versions.saveChunks(tenantId, versionId, chunks);
    const pending = await store.versions.pendingChunks(tenantId, versionId, index.space, 1000);
    const embeddings = await embedder.embed({ texts: pending.map((chunk) => chunk.text), purpose: "passage" });
    await store.writers.vectors(index.space).write({
      tenantId,
      versionId,
      entries: pending.map(({ chunkId, inputSha256 }, i) => ({
        chunkId,
        inputSha256,
        vector: embeddings[i]?.vector ?? new Float32Array(dimensions),
      })),
    });
    await store.writers.lexical.write({
      tenantId,
      versionId,
      entries: pending.map((chunk) => ({ chunkId: chunk.chunkId, analyzed: analyzer.analyze(inputOf(chunk.text)) })),
    });
    await store.versions.publish(tenantId, versionId, index.space);
  }

  return {
    service: createService(context),
    context,
    store,
    events,
    authenticator,
    telemetry,
    operator: { type: "operator", id: newId("key") },
    superuser: opened.superuser,
    logged,
    woken,
    async tenant() {
      const { id: tenantId } = await store.routing.createTenant({ name: "test", by: testBy });
      const scopes: Scope[] = ["read", "ask", "ingest", "admin"];
      const { record, key } = await issueKey(store, tenantId, { name: "all", scopes, by: testBy });
      return {
        tenantId,
        actor: { type: "key", id: record.id, tenantId, scopes, collections: null },
        key,
        keyWith: async (rights, collections) =>
          (await issueKey(store, tenantId, { name: "limited", scopes: rights, collections: collections ?? null, by: testBy })).key,
      };
    },
    async work(tenantId, language = "en") {
      const { data } = await store.jobs.list(tenantId, { state: "queued", limit: 100 });
      for (const job of data.toReversed()) await runJob(tenantId, job, language);
    },
    close: () => opened.close(),
  };
}
