import { readdir, readFile } from "node:fs/promises";
import { FootnoteError, sha256 } from "@footnote/core";
import pg from "pg";
import type { EmbeddingSpaceDefinition, ExtraSchema } from "./store.ts";

export const migrationsFolder = new URL("../migrations/", import.meta.url);

/** Runs scripts as the owner. */
export interface AdminConnection {
  exec(script: string): Promise<void>;
  query(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
}

export interface MigrateOptions {
  /** An owner without superuser: may create in the database, has CREATEROLE the first time. */
  adminUrl: string;
  /** The role of DATABASE_URL; it must exist. */
  appRole: string;
  spaces?: readonly EmbeddingSpaceDefinition[];
  extraSchemas?: readonly ExtraSchema[];
}

/** Brings a Postgres database to this version's schema. Names of what was applied come back; nothing new: an empty list. */
export async function migrate(options: MigrateOptions): Promise<{ applied: string[] }> {
  const client = new pg.Client({ connectionString: options.adminUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const admin: AdminConnection = {
      exec: async (script) => void (await client.query(script)),
      query: async (text, values) => (await client.query({ text, values: values ?? [] })).rows,
    };
    // One migrator at a time; the lock goes with the connection.
    await admin.query("select pg_advisory_lock(7305482915)");
    return await applyMigrations(admin, options);
  } finally {
    await client.end();
  }
}

export interface ApplyOptions {
  appRole: string;
  spaces?: readonly EmbeddingSpaceDefinition[];
  extraSchemas?: readonly ExtraSchema[];
  /** Stops after this migration, for tests of upgrades. */
  upTo?: string;
}

export async function readMigrations(): Promise<{ name: string; sql: string; hash: string }[]> {
  const names = (await readdir(migrationsFolder)).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(
    names.map(async (file) => {
      const sql = await readFile(new URL(file, migrationsFolder), "utf8");
      return { name: file.replace(/\.sql$/, ""), sql, hash: sha256(sql) };
    }),
  );
}

export async function applyMigrations(admin: AdminConnection, options: ApplyOptions): Promise<{ applied: string[] }> {
  await requireVectorExtension(admin);
  await admin.exec(
    `create table if not exists footnote_migrations (name text primary key, hash text not null, applied_at timestamptz not null default now())`,
  );
  const done = new Map(
    (await admin.query("select name, hash from footnote_migrations")).map((row) => [String(row.name), String(row.hash)]),
  );
  const applied: string[] = [];
  for (const { name, sql, hash } of await readMigrations()) {
    const known = done.get(name);
    if (known !== undefined && known !== hash) {
      throw new FootnoteError("configuration_invalid", `Migration ${name} was changed after it was applied; restore the released file.`);
    }
    if (known === undefined) {
      await inTransaction(admin, async () => {
        await admin.exec(sql);
        await admin.query("insert into footnote_migrations (name, hash) values ($1, $2)", [name, hash]);
      });
      applied.push(name);
    }
    if (name === options.upTo) break;
  }
  if (options.upTo === undefined) {
    for (const extra of options.extraSchemas ?? []) {
      const name = `schema:${checkedName(extra.name)}:${sha256(extra.sql).slice(0, 16)}`;
      if (done.has(name)) continue;
      await inTransaction(admin, async () => {
        await admin.exec(extra.sql);
        await admin.query("insert into footnote_migrations (name, hash) values ($1, $2)", [name, sha256(extra.sql)]);
      });
      applied.push(name);
    }
    for (const space of options.spaces ?? []) {
      if (await ensureSpace(admin, space)) applied.push(`space:${space.id}`);
    }
  }
  await grantToApp(admin, options);
  return { applied };
}

/** pgvector is not a trusted extension: where the owner may not create it, a superuser has to, once. */
async function requireVectorExtension(admin: AdminConnection): Promise<void> {
  const [installed] = await admin.query("select extversion from pg_extension where extname = 'vector'");
  if (installed) return;
  try {
    await admin.exec("create extension vector");
  } catch (error) {
    throw new FootnoteError(
      "configuration_invalid",
      "The database lacks the extension vector; run `create extension vector` in it once as a superuser, then migrate again.",
      { cause: error },
    );
  }
}

async function inTransaction(admin: AdminConnection, work: () => Promise<void>): Promise<void> {
  await admin.exec("begin");
  try {
    await work();
    await admin.exec("commit");
  } catch (error) {
    await admin.exec("rollback");
    throw error;
  }
}

/** A name that may stand in SQL text as it is. */
export function checkedName(name: string): string {
  if (!/^[a-z][a-z0-9_]{0,40}$/.test(name)) {
    throw new FootnoteError(
      "configuration_invalid",
      `The name ${JSON.stringify(name)} must be lower-case letters, digits and underscores.`,
    );
  }
  return name;
}

/** Tables of an embedding space: `dense_<id>` and `tokens_<id>`. True when they were made now. */
export async function ensureSpace(admin: AdminConnection, space: EmbeddingSpaceDefinition): Promise<boolean> {
  const id = checkedName(space.id);
  if (!Number.isInteger(space.dimensions) || space.dimensions < 1 || space.dimensions > 4000) {
    throw new FootnoteError("configuration_invalid", `The embedding space ${id} needs 1 to 4,000 dimensions.`);
  }
  const [existing] = await admin.query(
    "select atttypmod as dimensions from pg_attribute where attrelid = to_regclass($1) and attname = 'vector'",
    [`public.dense_${id}`],
  );
  if (existing) {
    if (existing.dimensions !== space.dimensions) {
      throw new FootnoteError(
        "configuration_invalid",
        `The embedding space ${id} was made with ${String(existing.dimensions)} dimensions, not ${space.dimensions}; give the new model a space of its own.`,
      );
    }
    return false;
  }
  const guard = (table: string) => `
    alter table ${table} enable row level security;
    alter table ${table} force row level security;
    create policy tenant_isolation on ${table} using (tenant_id = current_setting('footnote.tenant', true))
      with check (tenant_id = current_setting('footnote.tenant', true));`;
  await inTransaction(admin, () =>
    admin.exec(`
      create table dense_${id} (
        tenant_id text not null, collection_id text not null, chunk_id text not null, version_id text not null,
        live boolean not null default false, input_sha256 bytea not null, vector halfvec(${space.dimensions}) not null,
        primary key (tenant_id, chunk_id)
      );
      alter table dense_${id} alter column vector set storage plain;
      create index dense_${id}_collection on dense_${id} (tenant_id, collection_id);
      create index dense_${id}_version on dense_${id} (tenant_id, version_id);
      create index dense_${id}_input on dense_${id} (tenant_id, input_sha256);
      grant select on dense_${id} to footnote_search;
      create policy search_reads on dense_${id} for select to footnote_search using (true);
      create table tokens_${id} (
        tenant_id text not null, chunk_id text not null, vectors bytea not null, primary key (tenant_id, chunk_id)
      );
      alter table tokens_${id} alter column vectors set storage external;
      ${guard(`dense_${id}`)} ${guard(`tokens_${id}`)}`),
  );
  return true;
}

async function grantToApp(admin: AdminConnection, options: ApplyOptions): Promise<void> {
  const app = checkedName(options.appRole);
  const schemas = (options.extraSchemas ?? [])
    .map(({ name }) => checkedName(name))
    .map(
      (name) => `grant usage on schema ${name} to ${app};
        grant select, insert, update, delete, truncate on all tables in schema ${name} to ${app};
        grant usage, select, update on all sequences in schema ${name} to ${app};
        grant execute on all functions in schema ${name} to ${app};`,
    );
  await admin.exec(`
    grant usage on schema public to ${app};
    do $$
    declare item text;
    begin
      for item in select c.oid::regclass::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
        where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
      loop
        execute format('grant select, insert, update, delete on %s to ${app}', item);
      end loop;
      -- Their owners are roles that nobody logs in as; only they may grant.
      for item in select format('set role %I; grant execute on function %s to ${app}; reset role', r.rolname, p.oid::regprocedure)
        from pg_proc p join pg_roles r on r.oid = p.proowner
        where p.pronamespace = 'public'::regnamespace and p.prosecdef and (p.proname like 'route\\_%' or p.proname like 'search\\_%')
      loop
        execute item;
      end loop;
    end
    $$;
    revoke insert, update, delete on tenants from ${app};
    revoke update, delete on audit_log, usage_entries from ${app};
    grant usage on all sequences in schema public to ${app};
    grant select on footnote_migrations to ${app};
    ${schemas.join("\n")}`);
}
