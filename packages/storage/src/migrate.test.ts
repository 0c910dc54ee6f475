import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "@footnote/core";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { applyMigrations, migrate, readMigrations } from "./migrate.ts";
import { openStore } from "./open-store.ts";
import { testAppRole } from "./testing/postgres-server.ts";
import { sharedPostgresServer } from "./testing/test-store.ts";

const server = await sharedPostgresServer();
const names = (await readMigrations()).map(({ name }) => name);
/** Statistics are made anew by migrations; everything else keeps its rows. */
const derived = ["lexical_terms", "lexical_totals", "footnote_migrations"];

const postingLists = `with r as (
    insert into lexical_rows (tenant_id, collection_id, version_id, chunk_id, length, terms, frequencies)
    select $1, $2, $3, c.id, 3, '{5,9}', '{2,1}' from unnest($4::text[]) as c(id) returning number
  ), t as (
    insert into lexical_totals (tenant_id, collection_id, delta, chunk_count, total_length) values ($1, $2, 0, 2, 6)
  )
  insert into lexical_terms (tenant_id, collection_id, term_id, delta, document_frequency, first_number, last_number, postings)
  select $1, $2, u.term, 0, 2, (select min(number) from r), (select max(number) from r),
    (select array_agg((number << 23) | (u.frequency::bigint << 14) | 3 order by number) from r)
  from (values (5, 2), (9, 1)) as u(term, frequency)`;

/** Two chunks of one live version, as the schema of each migration has them; terms 5 (twice) and 9. */
const lexicalRows: Record<string, string> = {
  "0000_tables": "",
  "0001_security_and_search": `insert into lexical_rows (tenant_id, collection_id, version_id, chunk_id, live, length, average, weights, keys)
    select $1, $2, $3, c.id, true, 3, 3, format('{5:%s,9:%s}/1000000000', 2 / (2 + 1.2), 1 / (1 + 1.2))::sparsevec, '{5,9}'
    from unnest($4::text[]) as c(id)`,
  "0002_posting_lists": postingLists,
  "0003_search_postings": postingLists,
  "0004_confirmed_postings": postingLists,
  "0005_answer_traces": postingLists,
  "0006_evaluations": postingLists,
  "0007_feedback": postingLists,
  "0008_run_keys": postingLists,
  "0009_actors": postingLists,
  "0010_outbox_topics": postingLists,
};

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
      const chunkIds = [newId("chunk"), newId("chunk")];
      const tenants = [newId("tenant"), newId("tenant")];
      const collectionId = newId("collection");
      for (const tenantId of tenants) {
        const [documentId, versionId] = [newId("document"), newId("version")];
        await superuser.query("insert into tenants (tenant_id, name) values ($1, 'old')", [tenantId]);
        await superuser.query("insert into collections (tenant_id, id, name, settings) values ($1, $2, 'main', '{}')", [
          tenantId,
          collectionId,
        ]);
        await superuser.query(
          `insert into documents (tenant_id, id, collection_id, external_id, metadata, access, media_type, size_bytes, state, version_id, newest_version_id)
           values ($1, $2, $3, 'x', '{}', '{}', 'text/plain', 1, 'ready', $4, $4)`,
          [tenantId, documentId, collectionId, versionId],
        );
        await superuser.query(
          `insert into document_versions (tenant_id, id, document_id, collection_id, number, state, live, sha256, size_bytes, media_type, metadata, access)
           values ($1, $2, $3, $4, 1, 'live', true, 'x', 1, 'text/plain', '{}', '{}')`,
          [tenantId, versionId, documentId, collectionId],
        );
        // Two words of nobody in particular about one answer, as they could stand there before each had an author.
        if (from < "0007_feedback") {
          const words = "insert into feedback (tenant_id, answer_id, rating) select $1, 'ans_x', 'down' from generate_series(1, 2)";
          await superuser.query(words, [tenantId]);
        }
        const isBefore = from < "0010_outbox_topics";
        await superuser.query(
          `insert into outbox (tenant_id, ${isBefore ? "job_id" : "topic, payload"}) select $1, ${isBefore ? "'job_x'" : `'job', '{"jobId":"job_x"}'`}`,
          [tenantId],
        );
        const insert = lexicalRows[from];
        if (insert === undefined) throw new Error(`say how the schema of ${from} keeps a chunk's terms`);
        if (insert !== "") await superuser.query(insert, [tenantId, collectionId, versionId, chunkIds]);
      }
      const before = await counts();
      expect(before.get("document_versions")).toBe(2);
      expect((await migrate({ adminUrl: database.adminUrl, appRole: testAppRole })).applied).toEqual(names.slice(names.indexOf(from) + 1));
      expect(await counts()).toEqual(before);
      const unforced = await superuser.query(
        `select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
         where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and not (c.relrowsecurity and c.relforcerowsecurity)`,
      );
      expect(unforced.rows).toEqual([]);
      const waiting = await superuser.query("select topic, payload from outbox");
      expect(waiting.rows).toEqual(tenants.map(() => ({ topic: "job", payload: { jobId: "job_x" } })));
      if (lexicalRows[from] === "") return;
      const { rows } = await superuser.query("select distinct terms, frequencies, length from lexical_rows");
      expect(rows).toEqual([{ terms: [5, 9], frequencies: [2, 1], length: 3 }]);
      const dataDir = await mkdtemp(join(tmpdir(), "footnote-migrated-"));
      const { store } = await openStore({ databaseUrl: database.databaseUrl, dataDir, spaces: [] });
      try {
        for (const tenantId of tenants) {
          const query = { termIds: [9], frequencies: [1], length: 1 };
          const found = await store.lexical.search({ tenantId, collectionId, query, limit: 5 });
          expect(found.map(({ chunkId }) => chunkId).sort()).toEqual(chunkIds.toSorted());
        }
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
