import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "@footnote/core";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyMigrations, migrate, readMigrations } from "./migrate.ts";
import { assembleStore, openStore, prepareEmbedded } from "./open-store.ts";
import { openPglite, type PgliteHandle } from "./pglite-session.ts";
import { readEarlierRows, writeEarlierRows, type EarlierRows, type Query } from "./testing/earlier-rows.ts";
import { testAppRole } from "./testing/postgres-server.ts";
import { sharedPostgresServer } from "./testing/test-store.ts";

const server = await sharedPostgresServer();
const names = (await readMigrations()).map(({ name }) => name);
/** Statistics are made anew by migrations; everything else keeps its rows. */
const derived = ["lexical_terms", "lexical_totals", "footnote_migrations"];

describe.runIf(server)("migrations of a database with rows, by an owner without superuser", () => {
  it.each(names.slice(0, -1))("go on from %s and keep every row", async (from) => {
    if (!server) return;
    const database = await server.createDatabase();
    const owner = new pg.Client({ connectionString: database.adminUrl });
    const superuser = new pg.Client({ connectionString: database.superuserUrl });
    await Promise.all([owner.connect(), superuser.connect()]);
    const counts = async () => {
      const tables = await superuser.query<{ relname: string }>(
        "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1",
      );
      const rows = new Map<string, number>();
      for (const { relname } of tables.rows.filter((row) => !derived.includes(row.relname))) {
        const { rows: found } = await superuser.query<{ count: number }>(`select count(*)::integer as count from ${relname}`);
        if (found[0]?.count) rows.set(relname, found[0].count);
      }
      return rows;
    };
    try {
      await applyMigrations(
        { exec: async (script) => void (await owner.query(script)), query: async (text, values) => (await owner.query(text, values)).rows },
        { appRole: testAppRole, upTo: from },
      );
      const query: Query = async (text, values) => (await superuser.query(text, values)).rows;
      const first = await writeEarlierRows(query, from);
      const earlier = [first, await writeEarlierRows(query, from, first)];
      const before = await counts();
      expect(before.get("document_versions")).toBe(2);
      expect((await migrate({ adminUrl: database.adminUrl, appRole: testAppRole })).applied).toEqual(names.slice(names.indexOf(from) + 1));
      expect(await counts()).toEqual(before);
      const unforced = await superuser.query(
        `select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
         where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and not (c.relrowsecurity and c.relforcerowsecurity)`,
      );
      expect(unforced.rows).toEqual([]);
      const waiting = await superuser.query('select tenant_id as "tenantId", topic, payload from outbox order by id');
      expect(waiting.rows).toEqual(earlier.map(({ tenantId, jobId }) => ({ tenantId, topic: "job", payload: { jobId } })));
      const { rows } = await superuser.query("select distinct terms, frequencies, length from lexical_rows");
      expect(rows).toEqual(first.records.found.length === 0 ? [] : [{ terms: [5, 9], frequencies: [2, 1], length: 3 }]);
      const dataDir = await mkdtemp(join(tmpdir(), "footnote-migrated-"));
      const { store } = await openStore({ databaseUrl: database.databaseUrl, dataDir, spaces: [] });
      try {
        for (const rows of earlier) expect(await readEarlierRows(store, rows)).toEqual(rows.records);
      } finally {
        await store.close();
        await rm(dataDir, { recursive: true });
      }
    } finally {
      await Promise.all([owner.end(), superuser.end()]);
    }
  });

  it("tells what kind of actor each stored id is", async () => {
    if (!server) return;
    const database = await server.createDatabase();
    const owner = new pg.Client({ connectionString: database.adminUrl });
    const superuser = new pg.Client({ connectionString: database.superuserUrl });
    await Promise.all([owner.connect(), superuser.connect()]);
    try {
      await applyMigrations(
        { exec: async (script) => void (await owner.query(script)), query: async (text, values) => (await owner.query(text, values)).rows },
        { appRole: testAppRole, upTo: "0008_run_keys" },
      );
      const [tenantId, key, operator] = [newId("tenant"), newId("key"), newId("key")];
      await superuser.query("insert into operator_keys (id, name, digest) values ($1, 'o', 'd')", [operator]);
      await superuser.query(
        `insert into audit_log (tenant_id, actor, action, subject, details)
         select $1, a, 'x', 'y', '{}' from unnest($2::text[]) as a`,
        [tenantId, [key, operator, "footnote command line"]],
      );
      await superuser.query(
        "insert into idempotency_keys (tenant_id, principal, key, request_sha256) values ($1, $2, 'a', 'h'), ('operator', $3, 'a', 'h')",
        [tenantId, key, operator],
      );
      await superuser.query(
        `insert into eval_runs (tenant_id, id, dataset, dataset_sha256, collection_id, split, pipeline, pipeline_hash, key_id, case_count, job_id, judges)
         values ($1, 'run_1', 'd', 'h', 'c', 'test', 'p', 'h', $2, 1, 'j', '{}'), ($1, 'run_2', 'd', 'h', 'c', 'test', 'p', 'h', null, 1, 'j', '{}')`,
        [tenantId, key],
      );
      await superuser.query(
        "insert into feedback (tenant_id, answer_id, author, rating) select $1, 'ans_x', a, 'down' from unnest($2::text[]) as a",
        [tenantId, [`key:${key}`, "user:abc", "0b1e"]],
      );
      await migrate({ adminUrl: database.adminUrl, appRole: testAppRole });
      const actors = async (table: string, prefix = "actor") =>
        (await superuser.query(`select ${prefix}_type as type, ${prefix}_id as id from ${table} order by 1, 2`)).rows;
      expect(await actors("audit_log")).toEqual([
        { type: "key", id: key },
        { type: "operator", id: operator },
        { type: "system", id: "footnote command line" },
      ]);
      expect(await actors("idempotency_keys")).toEqual([
        { type: "key", id: key },
        { type: "operator", id: operator },
      ]);
      expect(await actors("eval_runs")).toEqual([
        { type: "key", id: key },
        { type: null, id: null },
      ]);
      expect(await actors("feedback", "author")).toEqual([
        { type: "key", id: key },
        { type: "unknown", id: "0b1e" },
        { type: "user", id: "abc" },
      ]);
    } finally {
      await Promise.all([owner.end(), superuser.end()]);
    }
  });
});

describe("an embedded store of an earlier version", () => {
  let folder: string;
  let handle: PgliteHandle;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "footnote-earlier-"));
    handle = await openPglite({});
  }, 120_000);
  afterAll(async () => {
    await handle.session.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function write(made: PgliteHandle, from: string): Promise<EarlierRows> {
    await prepareEmbedded(made, { spaces: [], upTo: from });
    return await made.admin((db) =>
      writeEarlierRows(async (text, values) => (await db.query<Record<string, unknown>>(text, values)).rows, from),
    );
  }

  // One engine for all: to start it takes longer than to migrate.
  it.each(names.slice(0, -1))("made by %s has everything in it", async (from) => {
    await handle.admin((db) => db.exec("drop schema public cascade; create schema public"));
    const earlier = await write(handle, from);
    await prepareEmbedded(handle, { spaces: [] });
    const { store } = assembleStore(handle.session, { dataDir: folder, spaces: [] });
    expect(await readEarlierRows(store, earlier)).toEqual(earlier.records);
  });

  it("made by the first migration is brought up to date as its folder is opened", async () => {
    const made = await openPglite({ folder: join(folder, "postgres") });
    const earlier = await write(made, names[0] ?? "");
    await made.session.close();
    const { store } = await openStore({ dataDir: folder, spaces: [] });
    expect(await readEarlierRows(store, earlier)).toEqual(earlier.records);
    await store.close();
  }, 120_000);
});
