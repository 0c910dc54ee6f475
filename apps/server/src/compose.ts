import { readBundledWords } from "@footnote/embedding";
import { createApi, serveApi } from "@footnote/api";
import { FootnoteError, scopes } from "@footnote/core";
import type { JobQueue } from "@footnote/core";
import { createSandboxedParser, detectMediaType } from "@footnote/ingestion";
import { createJobEvents, createPgBossQueue } from "@footnote/jobs";
import { backupStore as writeBackup, maintainSpaces, migrate, restoreStore as readBackup } from "@footnote/storage";
import type { BackupSummary, Store } from "@footnote/storage";
import { createReadiness, createService } from "@footnote/service";
import { createAuthenticator } from "@footnote/tenancy";
import { createWorker } from "@footnote/worker";
import { ensureCredentials } from "./credentials.ts";
import type { Credentials, DataFolder } from "./data-folder.ts";
import { createEngine } from "./engine.ts";
import type { Engine } from "./engine.ts";
import type { Environment } from "./env.ts";
import { judgesOf } from "./judges.ts";
import { createLocalClient, type FootnoteClient } from "./local-client.ts";
import { openParts } from "./parts.ts";
import type { Parts, PartsOptions } from "./parts.ts";

/** Everything that one process runs, made in one place. */
export interface Runtime {
  store: Store;
  queue: JobQueue;
  engine: Engine;
  worker: ReturnType<typeof createWorker>;
  api: ReturnType<typeof createApi>;
  /** The keys of this machine, made when the store has none of them. */
  credentials(): Promise<Credentials>;
  /** The store of this process as commands and evaluations ask it, in the name of whoever the key is. */
  client(key: string): FootnoteClient;
  /** Stops the worker, then closes what it used. */
  close(options: { graceMs: number }): Promise<void>;
}

/** The program of the parts that `openParts` makes. */
export const openRuntime = async (options: PartsOptions): Promise<Runtime> => await composeRuntime(await openParts(options));

/** Puts the parts together; they are closed with what is made of them, also where that fails. */
export async function composeRuntime(parts: Parts): Promise<Runtime> {
  const { env, folder, telemetry, clock, engine, store, sql, models, rerankers, pipelines } = parts;
  const parser = createSandboxedParser({ concurrency: env.FOOTNOTE_WORKER_CONCURRENCY });
  try {
    const queue = await createPgBossQueue({ sql, telemetry });
    const events = createJobEvents();
    const worker = createWorker({
      store,
      queue,
      parser,
      chunkerFor: engine.chunkerFor,
      embedderFor: engine.embedderFor,
      analyzerFor: engine.analyzerFor,
      keepsTokenVectors: engine.keepsTokenVectors,
      events,
      clock,
      telemetry,
      concurrency: env.FOOTNOTE_WORKER_CONCURRENCY,
      evaluate: ({ tenantId, signal, ...run }) =>
        service.evaluate({ type: "system", id: "evaluation", tenantId, scopes, collections: null }, run, { signal }),
      // The embedded store is locked by this process.
      alone: store.engine === "pglite",
    });
    const authenticator = createAuthenticator({ store, clock, telemetry });
    const service = createService({
      store,
      queue: { wake: () => worker.wake() },
      jobEvents: events,
      detectMediaType,
      actorOf: authenticator.actorOf,
      forgetKey: authenticator.forget,
      judges: judgesOf(engine),
      embedderFor: engine.embedderFor,
      rerankers,
      isWord: readBundledWords(),
      modelNamed: (_tenant, name) => models.find((model) => model.name === name),
      pipelines,
      telemetry,
      clock,
    });
    const api = createApi({
      service,
      authenticator,
      idempotency: store.idempotency,
      readiness: createReadiness({ store, queue: {}, embedderFor: engine.embedderFor, clock }),
      telemetry,
      environment: { FOOTNOTE_MAX_UPLOAD_BYTES: env.FOOTNOTE_MAX_UPLOAD_BYTES, FOOTNOTE_CORS_ORIGINS: env.FOOTNOTE_CORS_ORIGINS },
    });
    return {
      store,
      queue,
      engine,
      worker,
      api,
      credentials: () => ensureCredentials(store, folder),
      client: (key) =>
        createLocalClient({ service, actor: () => authenticator.authenticate(key), maxUploadBytes: env.FOOTNOTE_MAX_UPLOAD_BYTES }),
      async close({ graceMs }) {
        await worker.stop({ graceMs });
        await queue.close();
        await parser.close();
        await parts.close();
      },
    };
  } catch (error) {
    await Promise.allSettled([parser.close(), parts.close()]);
    throw error;
  }
}

export interface RunningApi {
  url: string;
  /** Closes the port at once; open connections go on. */
  stopListening(): void;
  /** Closes the port and refuses new work at once, lets open requests end for `graceMs`, then cuts what is left. */
  drain(options: { graceMs: number }): Promise<void>;
}

export async function startApi(runtime: Runtime, env: Environment): Promise<RunningApi> {
  const { api } = runtime;
  const server = await serveApi({ app: api.app, host: env.FOOTNOTE_HOST, port: env.FOOTNOTE_PORT });
  return {
    url: server.url,
    stopListening: server.stopListening,
    async drain({ graceMs }) {
      server.stopListening();
      await api.drain({ graceMs });
      await server.close({ graceMs: 1000 });
    },
  };
}

/** The role's name in a Postgres URL. */
function roleOf(databaseUrl: string): string {
  return decodeURIComponent(new URL(databaseUrl).username);
}

/** Brings a Postgres server's schema up to date with the owner's role. */
export async function migrateServer(env: Environment): Promise<{ applied: string[] }> {
  if (!env.DATABASE_URL || !env.DATABASE_ADMIN_URL) {
    throw new FootnoteError("configuration_invalid", "Set DATABASE_URL (the app's role) and DATABASE_ADMIN_URL (the owner) to migrate.");
  }
  const engine = createEngine();
  try {
    const { spaces, extraSchemas } = engine;
    const { applied } = await migrate({ adminUrl: env.DATABASE_ADMIN_URL, appRole: roleOf(env.DATABASE_URL), spaces, extraSchemas });
    // Spaces that have grown get their HNSW index here, because only the owner can make one.
    const { built } = await maintainSpaces({ adminUrl: env.DATABASE_ADMIN_URL });
    return { applied: [...applied, ...built.map((space) => `index:${space}`)] };
  } finally {
    await engine.close();
  }
}

/** For the demo: migrates where the owner's URL is known; opening the store says what to do where it is not. */
export async function migrateIfPossible(env: Environment): Promise<void> {
  if (env.DATABASE_ADMIN_URL) await migrateServer(env);
}

/** Writes everything that is kept into a new folder. */
export async function backupStore({
  env,
  folder,
  target,
}: {
  env: Environment;
  folder: DataFolder;
  target: string;
}): Promise<BackupSummary> {
  return await writeBackup({ dataDir: folder.path, to: target, ...ownerOf(env) });
}

/** Fills an empty store from a backup. Keys made before the backup are valid again; local ones are made anew. */
export async function restoreStore({
  env,
  folder,
  source,
}: {
  env: Environment;
  folder: DataFolder;
  source: string;
}): Promise<BackupSummary> {
  const owner = ownerOf(env);
  const summary = await readBackup({
    dataDir: folder.path,
    from: source,
    ...owner,
    ...(env.DATABASE_URL ? { appRole: roleOf(env.DATABASE_URL) } : {}),
  });
  // The queue's tables are not part of a backup; the embedded store makes them when it is opened.
  if (env.DATABASE_URL) await migrateServer(env);
  return summary;
}

function ownerOf(env: Environment): { adminUrl?: string } {
  if (!env.DATABASE_URL) return {};
  if (env.DATABASE_ADMIN_URL) return { adminUrl: env.DATABASE_ADMIN_URL };
  throw new FootnoteError("configuration_invalid", "DATABASE_ADMIN_URL (the owner of the tables) is not set; backups of a server need it.");
}
