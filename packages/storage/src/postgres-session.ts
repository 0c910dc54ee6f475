import { FootnoteError, type TenantId } from "@footnote/core";
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import { beginStatement, checkedScope, withTransientRetry, toStorageError, type Row, type Session, type Transaction } from "./session.ts";

export interface PostgresSessionOptions {
  databaseUrl: string;
  /** Default 10. */
  maxConnections?: number;
  /** Per statement. Default 60,000. */
  statementTimeoutMs?: number;
}

/** A pool of connections as the app role; refuses roles that row-level security does not bind. */
export async function createPostgresSession(options: PostgresSessionOptions): Promise<Session> {
  const pool = new pg.Pool({
    connectionString: options.databaseUrl,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: 10_000,
    statement_timeout: options.statementTimeoutMs ?? 60_000,
    idle_in_transaction_session_timeout: 60_000,
    application_name: "footnote",
  });
  // A broken idle connection is replaced at the next query; without a listener it would end the process.
  pool.on("error", () => {});
  // The pool listens to idle connections only: one that breaks between two statements of a transaction fails the next statement.
  pool.on("connect", (client) => client.on("error", () => {}));
  try {
    await refusePowerfulRole(pool);
  } catch (error) {
    await pool.end();
    throw toStorageError(error);
  }
  const inTransaction = <T>(begin: string, work: (tx: Transaction) => Promise<T>, signal?: AbortSignal): Promise<T> =>
    withTransientRetry(async () => {
      const client = await pool.connect();
      let broken = false;
      try {
        await client.query(begin);
        const result = await work({
          db: drizzle(client),
          query: async <R = Row>(text: string, values: readonly unknown[] = []) =>
            rowsOf<R>((await client.query({ text, values: [...values] })).rows),
        });
        await client.query("commit");
        return result;
      } catch (error) {
        await client.query("rollback").catch(() => {
          broken = true;
        });
        throw error;
      } finally {
        client.release(broken);
      }
    }, signal);
  return {
    engine: "postgres",
    transaction: (scope, work, signal) => inTransaction(beginStatement(scope, null), work, signal),
    snapshot: (tenantId, work, signal) =>
      inTransaction(beginStatement(tenantId, null, "isolation level repeatable read read only"), work, signal),
    // The first argument waits for the tenant to be set, so the order is certain; the setting ends with the statement.
    search: <R>(
      tenantId: TenantId,
      { name, casts, values }: { name: string; casts: readonly string[]; values: readonly unknown[] },
      signal?: AbortSignal,
    ) =>
      withTransientRetry(async () => {
        const args = casts.map((cast, at) => (at === 0 ? `case when scope.tenant <> '' then $1::${cast} end` : `$${at + 1}::${cast}`));
        const text = `with scope as materialized (select set_config('footnote.tenant', $${casts.length + 1}, true) as tenant)
          select found.* from scope cross join lateral ${name}(${args.join(", ")}) found`;
        return rowsOf<R>((await pool.query({ text, values: [...values, checkedScope(tenantId)] })).rows);
      }, signal),
    executor: {
      async executeSql(text, values) {
        const result = await pool.query(values === undefined ? { text } : { text, values });
        const last = Array.isArray(result) ? result.at(-1) : result;
        return { rows: rowsOf<Row>(last?.rows ?? []), rowCount: last?.rowCount ?? 0 };
      },
    },
    close: () => pool.end(),
  };
}

/** The one place where rows get the type their statement gives them. */
function rowsOf<R>(rows: unknown[]): R[] {
  return rows as R[];
}

async function refusePowerfulRole(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query(
    `select r.rolname, r.rolsuper or r.rolbypassrls as powerful,
       exists (select from pg_class c where c.relname = 'tenants' and c.relnamespace = 'public'::regnamespace
               and pg_has_role(r.rolname, c.relowner, 'member')) as owner
     from pg_roles r where r.rolname = current_user`,
  );
  const [role] = rows;
  if (role?.powerful || role?.owner) {
    throw new FootnoteError(
      "configuration_invalid",
      `DATABASE_URL logs in as a role that row-level security does not bind (${role.owner ? "an owner of the tables" : "superuser or BYPASSRLS"}); use a plain role and keep the owner for DATABASE_ADMIN_URL.`,
    );
  }
}
