import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256 } from "@footnote/core";
import { migrate, readMigrations } from "../migrate.ts";
import { assembleStore, openStore, prepareEmbedded } from "../open-store.ts";
import { openPglite, type PgliteHandle } from "../pglite-session.ts";
import type { EmbeddingSpaceDefinition, ExtraSchema, OpenedStore } from "../store.ts";
import { startPostgresServer, testAppRole, type PostgresServer, type TestDatabase } from "./postgres-server.ts";

export type Engine = "pglite" | "postgres";

/** Spaces of test stores: createFakeEmbedder()'s own with token vectors, and a small one without. */
export const testSpaces: readonly EmbeddingSpaceDefinition[] = [
  { id: "fake_64", dimensions: 64, tokenVectors: true },
  { id: "tiny_8", dimensions: 8, tokenVectors: false },
];

export interface TestStore extends OpenedStore {
  engine: Engine;
  dataDir: string;
  /** Postgres only. */
  database: TestDatabase | null;
  /** Runs SQL as the superuser, past row-level security. */
  superuser(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export interface TestStoreOptions {
  spaces?: readonly EmbeddingSpaceDefinition[];
  extraSchemas?: readonly ExtraSchema[];
  /** Embedded only: 0 lets the database score every lexical query. */
  maxPostings?: number;
}

let server: Promise<PostgresServer | null> | undefined;

/** The process's Postgres server, started at the first call; null where there is none. */
export function sharedPostgresServer(): Promise<PostgresServer | null> {
  server ??= startPostgresServer();
  return server;
}

/** Engines that this machine has, for describe.each. */
export async function availableEngines(): Promise<Engine[]> {
  return (await sharedPostgresServer()) === null ? ["pglite"] : ["pglite", "postgres"];
}

/** A fresh migrated store: PGlite in memory, or a database of its own on the shared server. */
export async function openTestStore(engine: Engine, options: TestStoreOptions = {}): Promise<TestStore> {
  const dataDir = await mkdtemp(join(tmpdir(), "footnote-store-"));
  const wanted = { spaces: options.spaces ?? testSpaces, extraSchemas: options.extraSchemas ?? [] };
  return engine === "pglite" ? openEmbedded(dataDir, wanted, options.maxPostings) : openOnServer(dataDir, wanted);
}

type Wanted = Required<Omit<TestStoreOptions, "maxPostings">>;

async function openEmbedded(dataDir: string, wanted: Wanted, maxPostings?: number): Promise<TestStore> {
  const dump = await migratedDump(wanted);
  const handle = await openPglite({ loadDataDir: new Blob([new Uint8Array(dump)]) });
  const opened = assembleStore(handle.session, { dataDir, spaces: wanted.spaces, ...(maxPostings === undefined ? {} : { maxPostings }) });
  return {
    ...opened,
    engine: "pglite",
    dataDir,
    database: null,
    superuser: (text, values) => handle.admin(async (db) => (await db.query<Record<string, unknown>>(text, values ?? [])).rows),
    async close() {
      await opened.store.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A migrated, empty data folder as a tar, made once for each set of migrations. */
async function migratedDump(wanted: Wanted): Promise<Uint8Array> {
  const source = [await readFile(new URL("../migrate.ts", import.meta.url), "utf8"), await readMigrations(), wanted];
  const folder = fileURLToPath(new URL("../../../../.cache/", import.meta.url));
  const file = join(folder, `pglite-${sha256(JSON.stringify(source)).slice(0, 16)}.tar`);
  try {
    return await readFile(file);
  } catch {
    const handle: PgliteHandle = await openPglite({});
    await prepareEmbedded(handle, wanted);
    const dump = await handle.admin(async (db) => new Uint8Array(await (await db.dumpDataDir("none")).arrayBuffer()));
    await handle.session.close();
    await mkdir(folder, { recursive: true });
    const aside = `${file}.${process.pid}`;
    await writeFile(aside, dump);
    await rename(aside, file);
    return dump;
  }
}

async function openOnServer(dataDir: string, wanted: Wanted): Promise<TestStore> {
  const postgres = await sharedPostgresServer();
  if (postgres === null) throw new Error("There is no Postgres server; ask availableEngines() first.");
  const database = await postgres.createDatabase();
  await migrate({ adminUrl: database.adminUrl, appRole: testAppRole, ...wanted });
  const opened = await openStore({ databaseUrl: database.databaseUrl, dataDir, spaces: wanted.spaces, maxConnections: 5 });
  return {
    ...opened,
    engine: "postgres",
    dataDir,
    database,
    superuser: async (text, values) => {
      const { default: pg } = await import("pg");
      const client = new pg.Client({ connectionString: database.superuserUrl });
      await client.connect();
      try {
        return (await client.query({ text, values: values ?? [] })).rows;
      } finally {
        await client.end();
      }
    },
    async close() {
      await opened.store.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
