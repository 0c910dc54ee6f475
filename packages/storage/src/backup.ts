import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { FootnoteError, isId, sha256, type TenantId } from "@footnote/core";
import pg from "pg";
import { z } from "zod";
import { lockDataFolder } from "./data-folder-lock.ts";
import { createFileBlobStore } from "./file-blob-store.ts";
import { checkedName, migrate, readMigrations, type AdminConnection } from "./migrate.ts";
import { prepareEmbedded } from "./open-store.ts";
import { openPglite } from "./pglite-session.ts";

/** A server by its owner's url, or the embedded store in `dataDir` when there is none. Blobs lie in `dataDir` either way. */
export interface BackupPlace {
  dataDir: string;
  /** The owner of the tables (DATABASE_ADMIN_URL). */
  adminUrl?: string;
}

export interface BackupSummary {
  tenants: number;
  rows: number;
  blobs: number;
}

const manifestSchema = z.object({
  format: z.literal(1),
  createdAt: z.string(),
  migrations: z.array(z.string()),
  spaces: z.array(z.object({ id: z.string(), dimensions: z.int() })),
  tenants: z.array(z.string()),
  tables: z.record(z.string(), z.object({ rows: z.int(), sha256: z.string() })),
  blobs: z.array(z.object({ tenantId: z.string(), sha256: z.string(), sizeBytes: z.int() })),
});
type Manifest = z.infer<typeof manifestSchema>;

/** Tables without a tenant: read and written once. */
const sharedTables = ["operator_keys"];
const batchRows = 200;

/**
 * Writes every table, as of one moment, and every blob into a new folder: `manifest.json`, `tables/<name>.jsonl`,
 * `blobs/<tenant>/<sha256>`. Queues are not in it: what was under way is found again from the jobs table.
 */
export async function backupStore(options: BackupPlace & { to: string }): Promise<BackupSummary> {
  await requireEmptyFolder(options.to);
  await mkdir(join(options.to, "tables"), { recursive: true, mode: 0o700 });
  const source = createFileBlobStore({ folder: join(options.dataDir, "blobs") });
  const target = createFileBlobStore({ folder: join(options.to, "blobs") });
  return withOwner(options, null, async (owner) => {
    await owner.exec("begin isolation level repeatable read");
    try {
      const tenants = await listTenants(owner);
      const manifest: Manifest = {
        format: 1,
        createdAt: new Date().toISOString(),
        migrations: (await readMigrations()).map(({ name }) => name),
        spaces: await listSpaces(owner),
        tenants,
        tables: {},
        blobs: [],
      };
      for (const table of [...sharedTables, ...(await listTenantTables(owner))]) {
        manifest.tables[table] = await dumpTable(owner, { table, tenants, file: join(options.to, "tables", `${table}.jsonl`) });
      }
      for (const tenantId of tenants.filter((id): id is TenantId => isId("tenant", id))) {
        for await (const { sha256: hash } of source.list({ tenantId })) {
          const bytes = await source.get({ tenantId, sha256: hash });
          if (bytes === null) continue;
          const stored = await target.put({ tenantId, bytes });
          if (stored.sha256 !== hash) {
            throw new FootnoteError(
              "storage_failed",
              `The blob ${hash} no longer holds the bytes of its name; restore it before backing up.`,
            );
          }
          manifest.blobs.push({ tenantId, ...stored });
        }
      }
      await writeFile(join(options.to, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
      return summarize(manifest);
    } finally {
      await owner.exec("rollback");
    }
  });
}

/** Puts a backup into an empty store of the same schema version, on either engine; checks every checksum before it writes. */
export async function restoreStore(
  options: BackupPlace & { from: string; /** Needed with `adminUrl`. */ appRole?: string },
): Promise<BackupSummary> {
  const manifest = await readManifest(options.from);
  const known = (await readMigrations()).map(({ name }) => name);
  if (manifest.migrations.join() !== known.join()) {
    throw new FootnoteError(
      "configuration_invalid",
      "The backup was made by another version of the schema; restore it with that version and migrate then.",
    );
  }
  for (const [table, { sha256: expected }] of Object.entries(manifest.tables)) {
    if (sha256(await readFile(tableFile(options.from, table))) !== expected) throw damaged(`its table ${table}`);
  }
  const source = createFileBlobStore({ folder: join(options.from, "blobs") });
  const target = createFileBlobStore({ folder: join(options.dataDir, "blobs") });
  const spaces = manifest.spaces.map((space) => ({ ...space, tokenVectors: true }));
  const prepare = { spaces, appRole: options.appRole };
  return withOwner(options, prepare, async (owner) => {
    await owner.exec("begin");
    try {
      const present = await listTenants(owner);
      const operators = await owner.query("select 1 from operator_keys limit 1");
      if (present.length > 0 || operators.length > 0) {
        throw new FootnoteError("conflict", "The target already holds tenants or operator keys; restore into an empty store.");
      }
      for (const { tenantId, sha256: hash } of manifest.blobs) {
        if (!isId("tenant", tenantId)) throw damaged("its manifest");
        const bytes = await source.get({ tenantId, sha256: hash });
        if (bytes === null || sha256(bytes) !== hash) throw damaged(`the blob ${hash}`);
        await target.put({ tenantId, bytes });
      }
      for (const [table, { rows }] of Object.entries(manifest.tables)) {
        if ((await loadTable(owner, table, tableFile(options.from, table))) !== rows) throw damaged(`its table ${table}`);
      }
      await resetSequences(owner);
      await owner.exec("commit");
    } catch (error) {
      await owner.exec("rollback");
      throw error;
    }
    return summarize(manifest);
  });
}

function summarize(manifest: Manifest): BackupSummary {
  return {
    tenants: manifest.tenants.length,
    rows: Object.values(manifest.tables).reduce((sum, table) => sum + table.rows, 0),
    blobs: manifest.blobs.length,
  };
}

function damaged(what: string): FootnoteError {
  return new FootnoteError("storage_failed", `The backup is damaged at ${what}; use another one.`, { retryable: false });
}

function tableFile(folder: string, table: string): string {
  return join(folder, "tables", `${checkedName(table)}.jsonl`);
}

async function readManifest(folder: string): Promise<Manifest> {
  try {
    return manifestSchema.parse(JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")));
  } catch (error) {
    throw new FootnoteError(
      "invalid_request",
      `The folder ${folder} holds no readable backup manifest; name a folder that a backup was written to.`,
      {
        cause: error,
      },
    );
  }
}

async function requireEmptyFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length > 0) {
    throw new FootnoteError("conflict", `The folder ${folder} is not empty; give the backup a new one.`);
  }
}

/** Runs `work` as the owner; with `prepare`, on a migrated store. */
async function withOwner<T>(
  { dataDir, adminUrl }: BackupPlace,
  prepare: { spaces: { id: string; dimensions: number; tokenVectors: boolean }[]; appRole: string | undefined } | null,
  work: (owner: AdminConnection) => Promise<T>,
): Promise<T> {
  if (adminUrl !== undefined) {
    if (prepare !== null) {
      if (prepare.appRole === undefined) throw new FootnoteError("configuration_invalid", "Restoring to a server needs the app's role.");
      await migrate({ adminUrl, appRole: prepare.appRole, spaces: prepare.spaces });
    }
    const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 });
    await client.connect();
    try {
      return await work({
        exec: async (script) => void (await client.query(script)),
        query: async (text, values) => (await client.query({ text, values: values ?? [] })).rows,
      });
    } finally {
      await client.end();
    }
  }
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const lock = await lockDataFolder(dataDir);
  try {
    const handle = await openPglite({ folder: join(dataDir, "postgres") });
    try {
      if (prepare !== null) await prepareEmbedded(handle, { spaces: prepare.spaces });
      return await handle.admin((db) =>
        work({
          exec: async (script) => void (await db.exec(script)),
          query: async (text, values) => (await db.query<Record<string, unknown>>(text, values ?? [])).rows,
        }),
      );
    } finally {
      await handle.session.close();
    }
  } finally {
    await lock.release();
  }
}

/** Row-level security binds the owner too, so the list comes through the routing role. */
async function listTenants(owner: AdminConnection): Promise<string[]> {
  await owner.exec("set local role footnote_router");
  const rows = await owner.query("select tenant_id from tenants order by tenant_id");
  await owner.exec("reset role");
  return rows.map((row) => String(row.tenant_id));
}

async function listSpaces(owner: AdminConnection): Promise<Manifest["spaces"]> {
  const rows = await owner.query(
    `select c.relname, a.atttypmod from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'vector'
     where c.relkind = 'r' and c.relname like 'dense\\_%' and c.relnamespace = 'public'::regnamespace order by 1`,
  );
  return rows.map((row) => ({ id: String(row.relname).slice("dense_".length), dimensions: Number(row.atttypmod) }));
}

async function listTenantTables(owner: AdminConnection): Promise<string[]> {
  const rows = await owner.query(
    `select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
     where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace order by 1`,
  );
  return rows.map((row) => String(row.relname));
}

/** For the session's next statements; the tenant is bound, not written into the text. */
const setTenant = (owner: AdminConnection, tenant: string) => owner.query("select set_config('footnote.tenant', $1, true)", [tenant]);

async function dumpTable(
  owner: AdminConnection,
  { table, tenants, file }: { table: string; tenants: readonly string[]; file: string },
): Promise<{ rows: number; sha256: string }> {
  const name = checkedName(table);
  const out = createWriteStream(file, { mode: 0o600 });
  const hash = createHash("sha256");
  let count = 0;
  for (const tenant of sharedTables.includes(table) ? ["operator"] : [...tenants, "operator"]) {
    await setTenant(owner, tenant);
    const where = sharedTables.includes(table) ? "" : ` where t.tenant_id = '${tenant.replace(/[^a-z0-9_]/g, "")}'`;
    await owner.exec(`declare backup_rows no scroll cursor for select to_jsonb(t)::text as line from ${name} t${where}`);
    for (;;) {
      const rows = await owner.query(`fetch ${batchRows} from backup_rows`);
      if (rows.length === 0) break;
      count += rows.length;
      for (const row of rows) {
        const line = `${String(row.line)}\n`;
        hash.update(line);
        if (!out.write(line)) await once(out, "drain");
      }
    }
    await owner.exec("close backup_rows");
  }
  out.end();
  await finished(out);
  return { rows: count, sha256: hash.digest("hex") };
}

async function loadTable(owner: AdminConnection, table: string, file: string): Promise<number> {
  const name = checkedName(table);
  let count = 0;
  let batch: string[] = [];
  let tenant: string | null = null;
  const flush = async () => {
    if (batch.length === 0) return;
    await setTenant(owner, tenant ?? "operator");
    await owner.query(`insert into ${name} overriding system value select * from jsonb_populate_recordset(null::${name}, $1::jsonb)`, [
      `[${batch.join(",")}]`,
    ]);
    count += batch.length;
    batch = [];
  };
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    const row: unknown = JSON.parse(line);
    const owned = typeof row === "object" && row !== null && "tenant_id" in row ? String(row.tenant_id) : null;
    if (owned !== tenant || batch.length >= batchRows) await flush();
    tenant = owned;
    batch.push(line);
  }
  await flush();
  return count;
}

/** Identity columns go on after the greatest number that was restored. */
async function resetSequences(owner: AdminConnection): Promise<void> {
  const columns = await owner.query(
    `select c.relname, a.attname, pg_get_serial_sequence(c.oid::regclass::text, a.attname) as sequence
     from pg_attribute a join pg_class c on c.oid = a.attrelid
     where a.attidentity <> '' and not a.attisdropped and c.relkind = 'r' and c.relnamespace = 'public'::regnamespace`,
  );
  // Row-level security shows one tenant at a time, so the maximum is taken tenant by tenant.
  const tenants = [...(await listTenants(owner)), "operator"];
  const raise = async (sequence: unknown, table: string, column: string) => {
    let greatest = 0;
    for (const tenant of tenants) {
      await setTenant(owner, tenant);
      const [row] = await owner.query(`select coalesce(max(${column}), 0)::float8 as greatest from ${table}`);
      greatest = Math.max(greatest, Number(row?.greatest ?? 0));
    }
    if (greatest > 0)
      await owner.query(
        "select setval($1::regclass, greatest($2::bigint, (select last_value from pg_sequences where to_regclass(schemaname || '.' || sequencename) = $1::regclass)))",
        [sequence, greatest],
      );
  };
  for (const { relname, attname, sequence } of columns) await raise(sequence, checkedName(String(relname)), checkedName(String(attname)));
  await raise("public.lexical_delta_seq", "lexical_terms", "abs(delta)");
  // Unfolded lists may still name chunks that are gone; their numbers are not given again.
  await raise("public.lexical_rows_number_seq", "lexical_terms", "last_number");
}
