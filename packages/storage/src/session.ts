import { FootnoteError, fullJitterMs, isFootnoteError, throwIfAborted, type TenantId, withRetries } from "@footnote/core";
import { DrizzleQueryError } from "drizzle-orm/errors";
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";
import type { SqlExecutor } from "./store.ts";

export type Row = Record<string, unknown>;

/** Statements of one open transaction. */
export interface Transaction {
  /** The tables of schema/, with their types. */
  readonly db: PgDatabase<PgQueryResultHKT>;
  /** What the tables' builder cannot say: functions, bulk copies, folding. */
  query<R = Row>(text: string, values?: readonly unknown[]): Promise<R[]>;
}

/** Runs work in a transaction of the tenant. */
export type TenantTransaction = <T>(tenantId: TenantId, work: (tx: Transaction) => Promise<T>, signal?: AbortSignal) => Promise<T>;

/** For parts that open transactions, to take part in one that is open. */
export const joining =
  (tx: Transaction): TenantTransaction =>
  (_tenantId, work) =>
    work(tx);

export type Scope = TenantId | "operator" | null;

/** The one way to the database: each transaction runs as the app role, with the tenant set inside it. */
export interface Session {
  readonly engine: "pglite" | "postgres";
  /** `null`: no tenant, so only the routing functions give anything. */
  transaction<T>(scope: Scope, work: (tx: Transaction) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** A transaction whose statements all see the same moment. */
  snapshot<T>(tenantId: TenantId, work: (tx: Transaction) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** `select * from <call>` as one round trip where the engine allows: a search function of $1, $2, …, which reads the tenant itself. */
  search<R>(
    tenantId: TenantId,
    call: { name: string; casts: readonly string[]; values: readonly unknown[] },
    signal?: AbortSignal,
  ): Promise<R[]>;
  /** Collects dead rows and planner statistics, a table at a time; only where the engine does not do so by itself. */
  readonly tidy?: () => Promise<void>;
  readonly executor: SqlExecutor;
  close(): Promise<void>;
}

const connectionCodes = /^(08|57P|53)/;

/** A driver's error as ours: its SQLSTATE is kept, its message (which may quote values) only as cause. */
export function toStorageError(error: unknown): FootnoteError {
  if (isFootnoteError(error)) return error;
  const code = typeof error === "object" && error !== null && "code" in error && typeof error.code === "string" ? error.code : "unknown";
  if (code === "57014") {
    return new FootnoteError("timeout", "A database statement took longer than its limit; try again.", { cause: error });
  }
  if (connectionCodes.test(code) || /^E[A-Z]+$/.test(code)) {
    return new FootnoteError("storage_unavailable", "The database cannot be reached; check that it runs and try again.", {
      cause: error,
      details: { sqlstate: code },
    });
  }
  return new FootnoteError("storage_failed", `The database refused a statement (${code}); try again or see its log.`, {
    cause: error,
    details: { sqlstate: code },
  });
}

/** Serialization failures and deadlocks: the same transaction may pass at the next try. */
export function isTransient(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && (error.code === "40001" || error.code === "40P01");
}

const scopePattern = /^(?:ten_[0-9a-hjkmnp-tv-z]{26}|operator)$/;

export function checkedScope(scope: TenantId | "operator"): string {
  if (!scopePattern.test(scope)) throw new FootnoteError("not_found", "The tenant does not exist.");
  return scope;
}

/** The first statement of every transaction. The scope is checked, because it stands in the text. */
export function beginStatement(scope: Scope, role: string | null, isolation = ""): string {
  return (
    `begin ${isolation};` +
    (role === null ? "" : `set local role ${role};`) +
    (scope === null ? "" : `select set_config('footnote.tenant','${checkedScope(scope)}',true);`)
  );
}

export async function withTransientRetry<T>(attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const delayMs = (error: unknown, failed: number) => (isTransient(driversError(error)) ? fullJitterMs(failed, { baseMs: 40 }) : null);
  try {
    return await withRetries({ tries: 4, delayMs }, async () => {
      throwIfAborted(signal);
      return await attempt();
    });
  } catch (error) {
    throw toStorageError(driversError(error));
  }
}

/** Drizzle's own error has the statement's values in its message. */
function driversError(error: unknown): unknown {
  return error instanceof DrizzleQueryError && error.cause ? error.cause : error;
}
