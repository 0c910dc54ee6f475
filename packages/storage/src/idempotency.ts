import type { Scope, Session } from "./session.ts";
import type { Store } from "./store.ts";

/** Requests of operators, which have no tenant, are kept under this scope. */
const scopeOf = (tenantId: Scope): Exclude<Scope, null> => tenantId ?? "operator";

export function createIdempotency(session: Session): Store["idempotency"] {
  return {
    begin: ({ tenantId, principal }, key, requestSha256) =>
      session.transaction(scopeOf(tenantId), async (tx) => {
        const where = [scopeOf(tenantId), principal, key];
        await tx.query("delete from idempotency_keys where tenant_id = $1 and created_at < now() - interval '24 hours'", [where[0]]);
        const inserted = await tx.query(
          "insert into idempotency_keys (tenant_id, principal, key, request_sha256) values ($1, $2, $3, $4) on conflict do nothing returning key",
          [...where, requestSha256],
        );
        if (inserted.length > 0) return { type: "started" };
        const [row] = await tx.query<{ request_sha256: string; status: number | null; body: string | null; stale: boolean }>(
          `select request_sha256, status, body, created_at < clock_timestamp() - interval '60 seconds' as stale
           from idempotency_keys where tenant_id = $1 and principal = $2 and key = $3 for update`,
          where,
        );
        if (!row) return { type: "in-progress" };
        if (row.request_sha256 !== requestSha256) return { type: "mismatch" };
        if (row.status !== null) return { type: "replay", status: row.status, body: row.body ?? "" };
        if (!row.stale) return { type: "in-progress" };
        await tx.query("update idempotency_keys set created_at = now() where tenant_id = $1 and principal = $2 and key = $3", where);
        return { type: "started" };
      }),
    async complete({ tenantId, principal }, key, { status, body, documentId }) {
      await session.transaction(scopeOf(tenantId), (tx) =>
        tx.query(
          "update idempotency_keys set status = $4, body = $5, document_id = $6 where tenant_id = $1 and principal = $2 and key = $3",
          [scopeOf(tenantId), principal, key, status, body, documentId ?? null],
        ),
      );
    },
    async abandon({ tenantId, principal }, key) {
      await session.transaction(scopeOf(tenantId), (tx) =>
        tx.query("delete from idempotency_keys where tenant_id = $1 and principal = $2 and key = $3 and status is null", [
          scopeOf(tenantId),
          principal,
          key,
        ]),
      );
    },
  };
}
