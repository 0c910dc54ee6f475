import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";
import { beginStatement, withTransientRetry, type Row, type Session } from "./session.ts";

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
  let tail: Promise<unknown> = Promise.resolve();
  let closed = false;
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const run = tail.then(work, work);
    tail = run.catch(() => {});
    return run;
  };
  const session: Session = {
    engine: "pglite",
    search: (tenantId, { name, casts, values }, signal) =>
      session.transaction(
        tenantId,
        (tx) => tx.query(`select * from ${name}(${casts.map((cast, at) => `$${at + 1}::${cast}`).join(", ")})`, values),
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
