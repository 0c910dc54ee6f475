import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";
import type { TenantId } from "@footnote/core";
import { drizzle } from "drizzle-orm/pglite";
import pg from "pg";
import { beginStatement, withTransientRetry, type Row, type Session } from "./session.ts";

const { escapeLiteral } = pg;

export const embeddedAppRole = "footnote_app";

export interface PgliteHandle {
  session: Session;
  /** Runs a script as the superuser, alone: migrations, backup, tests. */
  admin<T>(work: (db: PGlite) => Promise<T>): Promise<T>;
}

export interface PgliteOptions {
  /** Absent: in memory. */
  folder?: string;
  /** A data directory's dump to start from. */
  loadDataDir?: Blob;
}

/** PGlite has one connection: a queue keeps every transaction alone on it, and a failed one is always rolled back. */
export async function openPglite(options: PgliteOptions): Promise<PgliteHandle> {
  const db = await PGlite.create({
    ...(options.folder === undefined ? {} : { dataDir: options.folder }),
    ...(options.loadDataDir === undefined ? {} : { loadDataDir: options.loadDataDir }),
    extensions: { vector },
  });
  const tables = drizzle(db);
  let tail: Promise<unknown> = Promise.resolve();
  let closed = false;
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const run = tail.then(work, work);
    tail = run.catch(() => {});
    return run;
  };
  const session: Session = {
    engine: "pglite",
    // One message to the engine instead of four; values are literals, because only the extended protocol takes parameters.
    search: <R>(
      tenantId: TenantId,
      { name, casts, values }: { name: string; casts: readonly string[]; values: readonly unknown[] },
      signal?: AbortSignal,
    ) =>
      withTransientRetry(
        () =>
          alone(async () => {
            const args = casts.map((cast, at) => `${literalOf(values[at])}::${cast}`).join(", ");
            try {
              const results = await db.exec(`${beginStatement(tenantId, embeddedAppRole)}select * from ${name}(${args});commit`);
              return rowsOf<R>(results.at(-2)?.rows ?? []);
            } catch (error) {
              await db.exec("rollback");
              throw error;
            }
          }),
        signal,
      ),
    // Nothing else runs on the one connection meanwhile.
    snapshot: (tenantId, work, signal) => session.transaction(tenantId, work, signal),
    transaction: (scope, work, signal) =>
      withTransientRetry(
        () =>
          alone(async () => {
            try {
              await db.exec(beginStatement(scope, embeddedAppRole));
              const result = await work({
                db: tables,
                query: async <R = Row>(text: string, values: readonly unknown[] = []) => (await db.query<R>(text, [...values])).rows,
              });
              await db.exec("commit");
              return result;
            } catch (error) {
              await db.exec("rollback");
              throw error;
            }
          }),
        signal,
      ),
    // PGlite has no autovacuum: without this its files only grow, and joins are planned without knowing the tables' sizes.
    async tidy() {
      await alone(() => db.query("select pg_stat_force_next_flush()"));
      const { rows } = await alone(() =>
        db.query<{ name: string }>(
          `select format('%I.%I', schemaname, relname) as name from pg_stat_user_tables
           where n_dead_tup > 500 + 0.1 * n_live_tup or n_mod_since_analyze > 500 + 0.1 * n_live_tup order by 1`,
        ),
      );
      for (const { name } of rows) await alone(() => db.exec(`vacuum (analyze) ${name}`));
    },
    executor: {
      executeSql: (text, values) =>
        alone(async () => {
          await db.exec(`set role ${embeddedAppRole}`);
          try {
            if (values !== undefined && values.length > 0) {
              const result = await db.query<Row>(text, [...values]);
              return { rows: result.rows, rowCount: Math.max(result.affectedRows ?? 0, result.rows.length) };
            }
            const results = await db.exec(text);
            const last = results.findLast((result) => result.fields.length > 0) ?? results.at(-1);
            const rows = (last?.rows ?? []).map((row): Row => ({ ...row }));
            return { rows, rowCount: Math.max(last?.affectedRows ?? 0, rows.length) };
          } catch (error) {
            await db.exec("rollback");
            throw error;
          } finally {
            await db.exec("reset role");
          }
        }),
    },
    close: () =>
      alone(async () => {
        if (closed) return;
        closed = true;
        await db.close();
      }),
  };
  return { session, admin: (work) => alone(() => work(db)) };
}

/** The one place where rows get the type their statement gives them. */
function rowsOf<R>(rows: unknown[]): R[] {
  return rows as R[];
}

function literalOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  if (typeof value === "string") return escapeLiteral(value);
  if (Array.isArray(value)) {
    if (value.every((item) => typeof item === "number" && Number.isFinite(item))) return `'{${value.join(",")}}'`;
    return `array[${value.map(literalOf).join(", ")}]`;
  }
  throw new TypeError("a search takes numbers, texts and lists of them");
}
