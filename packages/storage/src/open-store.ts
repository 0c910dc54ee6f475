import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { FootnoteError, throwIfAborted } from "@footnote/core";
import { createAnswerRepository } from "./answers.ts";
import { createAuditRepository } from "./audit.ts";
import { createChunkReader } from "./chunk-reader.ts";
import { createCollectionRepository } from "./collections.ts";
import { createConversationRepository } from "./conversations.ts";
import { lockDataFolder } from "./data-folder-lock.ts";
import { createDocumentRepository } from "./documents.ts";
import { createDatasetRepository } from "./evaluation-datasets.ts";
import { createRunRepository } from "./evaluation-runs.ts";
import { createFileBlobStore } from "./file-blob-store.ts";
import { createIdempotency } from "./idempotency.ts";
import { createJobRepository } from "./jobs.ts";
import { createIndexWriters } from "./index-writers.ts";
import { createKeyRepository } from "./keys.ts";
import { createIndexMaintenance } from "./maintenance.ts";
import { applyMigrations, checkedName, readMigrations } from "./migrate.ts";
import { embeddedAppRole, openPglite, type PgliteHandle } from "./pglite-session.ts";
import { createPgvectorIndex, createPostgresLexicalIndex, createTokenVectorStore } from "./postgres-indexes.ts";
import { createPipelineRepository } from "./pipelines.ts";
import { createPostgresSession } from "./postgres-session.ts";
import { createRouting } from "./routing.ts";
import { toStorageError, type Session } from "./session.ts";
import type { EmbeddingSpaceDefinition, ExtraSchema, OpenedStore, OpenStoreOptions, Store } from "./store.ts";
import { createUsageLedger } from "./usage-ledger.ts";
import { createVectorReader } from "./vector-reader.ts";
import { createVersionRepository } from "./versions.ts";

/** Opens the store: embedded in `dataDir` without a `databaseUrl`, on a Postgres server with one. */
export async function openStore(options: OpenStoreOptions): Promise<OpenedStore> {
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  if (options.databaseUrl !== undefined) {
    const session = await createPostgresSession({
      databaseUrl: options.databaseUrl,
      ...(options.maxConnections === undefined ? {} : { maxConnections: options.maxConnections }),
    });
    try {
      await checkMigrated(session, options);
    } catch (error) {
      await session.close();
      throw error;
    }
    return assembleStore(session, options);
  }
  const lock = await lockDataFolder(options.dataDir);
  try {
    const handle = await openPglite({ folder: join(options.dataDir, "postgres") });
    await prepareEmbedded(handle, options);
    return assembleStore(
      {
        ...handle.session,
        async close() {
          await handle.session.close();
          await lock.release();
        },
      },
      options,
    );
  } catch (error) {
    await lock.release();
    throw error instanceof FootnoteError ? error : toStorageError(error);
  }
}

/** Makes the app role and brings the schema up to date, as PGlite's superuser. */
export async function prepareEmbedded(
  handle: PgliteHandle,
  options: { spaces: readonly EmbeddingSpaceDefinition[]; extraSchemas?: readonly ExtraSchema[]; upTo?: string },
): Promise<void> {
  await handle.admin(async (db) => {
    const roles = await db.query("select from pg_roles where rolname = $1", [embeddedAppRole]);
    if (roles.rows.length === 0) await db.exec(`create role ${embeddedAppRole} nologin`);
    await applyMigrations(
      {
        exec: async (script) => {
          try {
            await db.exec(script);
          } catch (error) {
            await db.exec("rollback");
            throw error;
          }
        },
        query: async (text, values) => (await db.query<Record<string, unknown>>(text, values ?? [])).rows,
      },
      { ...options, appRole: embeddedAppRole },
    );
  });
}

async function checkMigrated(session: Session, { spaces }: OpenStoreOptions): Promise<void> {
  const wanted = await readMigrations();
  const behind = (what: string, cause?: unknown) =>
    new FootnoteError(
      "configuration_invalid",
      `The database ${what}; run \`footnote migrate\` with DATABASE_ADMIN_URL, then start again.`,
      { cause },
    );
  await session.transaction(null, async (tx) => {
    const [table] = await tx.query<{ there: boolean }>("select to_regclass('public.footnote_migrations') is not null as there");
    if (!table?.there) throw behind("has no Footnote schema");
    const applied = new Map(
      (await tx.query<{ name: string; hash: string }>("select name, hash from footnote_migrations")).map((row) => [row.name, row.hash]),
    );
    for (const { name, hash } of wanted) {
      if (applied.get(name) !== hash) throw behind(`lacks migration ${name}`);
    }
    for (const { id, dimensions } of spaces) {
      const [column] = await tx.query<{ dimensions: number }>(
        "select atttypmod as dimensions from pg_attribute where attrelid = to_regclass($1) and attname = 'vector'",
        [`public.dense_${checkedName(id)}`],
      );
      if (column?.dimensions !== dimensions) throw behind(`lacks the tables of the embedding space ${id}`);
    }
  });
}

/** A Store over a session; what openStore and the tests share. */
export function assembleStore(
  session: Session,
  options: {
    dataDir: string;
    spaces: readonly EmbeddingSpaceDefinition[];
    /** For tests: 0 lets the database score every query. */
    maxPostings?: number;
  },
): OpenedStore {
  const blobs = createFileBlobStore({ folder: join(options.dataDir, "blobs") });
  const store: Store = {
    engine: session.engine,
    blobs,
    chunks: createChunkReader(session),
    lexical: createPostgresLexicalIndex(session, options.maxPostings === undefined ? {} : { maxPostings: options.maxPostings }),
    dense: createPgvectorIndex(session),
    vectors: createVectorReader(session),
    tokenVectors: createTokenVectorStore(session),
    writers: createIndexWriters((...work) => session.transaction(...work), options.spaces),
    collections: createCollectionRepository(session),
    documents: createDocumentRepository(session, blobs, options.spaces),
    versions: createVersionRepository(session, options.spaces),
    jobs: createJobRepository(session),
    routing: createRouting(session),
    maintainIndex: createIndexMaintenance(session),
    keys: createKeyRepository(session),
    answers: createAnswerRepository(session),
    conversations: createConversationRepository(session),
    evaluations: { ...createDatasetRepository(session), ...createRunRepository(session) },
    idempotency: createIdempotency(session),
    pipelines: createPipelineRepository(session),
    audit: createAuditRepository(session),
    usage: createUsageLedger(session),
    async ping(signal) {
      throwIfAborted(signal);
      await session.transaction(null, (tx) => tx.query("select 1"), signal);
    },
    close: () => session.close(),
  };
  return { store, sql: session.executor };
}
