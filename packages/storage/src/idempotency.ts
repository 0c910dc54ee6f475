import type { Scope, Session } from "./session.ts";
import type { Store } from "./store.ts";

/** Requests of operators, which have no tenant, are kept under this scope. */
const scopeOf = (tenantId: Scope): Exclude<Scope, null> => tenantId ?? "operator";

export function createIdempotency(session: Session): Store["idempotency"] {
  return {
    begin: ({ tenantId, actor }, key, requestSha256) =>
      session.transaction(scopeOf(tenantId), async (tx) => {
        const where = [scopeOf(tenantId), actor.type, actor.id, key];
        await tx.query("delete from idempotency_keys where tenant_id = $1 and created_at < now() - interval '24 hours'", [where[0]]);
        const inserted = await tx.query(
          "insert into idempotency_keys (tenant_id, actor_type, actor_id, key, request_sha256) values ($1, $2, $3, $4, $5) on conflict do nothing returning key",
          [...where, requestSha256],
        );
        if (inserted.length > 0) return { type: "started" };
        const [row] = await tx.query<{ request_sha256: string; status: number | null; body: string | null; stale: boolean }>(
          `select request_sha256, status, body, created_at < clock_timestamp() - interval '60 seconds' as stale
           from idempotency_keys where tenant_id = $1 and actor_type = $2 and actor_id = $3 and key = $4 for update`,
          where,
        );
        if (!row) return { type: "in-progress" };
        if (row.request_sha256 !== requestSha256) return { type: "mismatch" };
        if (row.status !== null) return { type: "replay", status: row.status, body: row.body ?? "" };
        if (!row.stale) return { type: "in-progress" };
        await tx.query(
          "update idempotency_keys set created_at = now() where tenant_id = $1 and actor_type = $2 and actor_id = $3 and key = $4",
          where,
        );
        return { type: "started" };
      }),
    async complete({ tenantId, actor }, key, { status, body, documentId }) {
      await session.transaction(scopeOf(tenantId), (tx) =>
        tx.query(
          "update idempotency_keys set status = $5, body = $6, document_id = $7 where tenant_id = $1 and actor_type = $2 and actor_id = $3 and key = $4",
          [scopeOf(tenantId), actor.type, actor.id, key, status, body, documentId ?? null],
        ),
      );
    },
    async abandon({ tenantId, actor }, key) {
      await session.transaction(scopeOf(tenantId), (tx) =>
        tx.query(
          "delete from idempotency_keys where tenant_id = $1 and actor_type = $2 and actor_id = $3 and key = $4 and status is null",
          [scopeOf(tenantId), actor.type, actor.id, key],
        ),
      );
    },
  };
}
