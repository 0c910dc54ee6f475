import pg from "pg";
import { checkedName, type AdminConnection } from "./migrate.ts";

export interface MaintainSpacesOptions {
  /** The owner of the tables. */
  adminUrl: string;
  /** A space gets its HNSW index when its table has at least this many rows. Default 5,000. */
  fromRows?: number;
}

/**
 * Makes the HNSW index of every embedding space that has grown into it, concurrently: searches and writes go on, and an
 * index that an earlier run left invalid is made again. PGlite is searched exactly: its build takes longer than it saves.
 */
export async function maintainSpaces({ adminUrl, fromRows = 5000 }: MaintainSpacesOptions): Promise<{ built: string[] }> {
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  const admin: AdminConnection = {
    exec: async (script) => void (await client.query(script)),
    query: async (text, values) => (await client.query({ text, values: values ?? [] })).rows,
  };
  const built: string[] = [];
  try {
    // One builder at a time; the lock goes with the connection.
    const [lock] = await admin.query("select pg_try_advisory_lock(7305482916) as mine");
    if (!lock?.mine) return { built };
    const tables = await admin.query(
      `select c.relname from pg_class c where c.relkind = 'r' and c.relname like 'dense\\_%' and c.relnamespace = 'public'::regnamespace order by 1`,
    );
    for (const { relname } of tables) {
      const table = checkedName(String(relname));
      const index = `${table}_hnsw`;
      const [existing] = await admin.query("select i.indisvalid as valid from pg_index i where i.indexrelid = to_regclass($1)", [
        `public.${index}`,
      ]);
      if (existing?.valid) continue;
      // Row-level security hides the rows from the owner; the statistics do not.
      await admin.exec(`analyze ${table}`);
      const [size] = await admin.query("select reltuples::float8 as rows from pg_class where oid = to_regclass($1)", [`public.${table}`]);
      if (Number(size?.rows ?? 0) < fromRows) continue;
      if (existing) await admin.exec(`drop index concurrently ${index}`);
      await admin.exec(`create index concurrently ${index} on ${table} using hnsw (vector halfvec_cosine_ops)`);
      built.push(index);
    }
    return { built };
  } finally {
    await client.end();
  }
}
