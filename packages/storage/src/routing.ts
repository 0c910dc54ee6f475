import { newId, type CollectionId, type JobId, type KeyId, type Scope, type TenantId } from "@footnote/core";
import { writeAudit } from "./audit.ts";
import { readPage, toPage } from "./paging.ts";
import type { Session } from "./session.ts";
import type { Store } from "./store.ts";
import type { TenantRecord } from "./store/routing.ts";

interface TenantRow {
  id: TenantId;
  name: string;
  created_at: Date;
}
const toTenant = (row: TenantRow): TenantRecord => ({ id: row.id, name: row.name, createdAt: row.created_at });

/** The listed SECURITY DEFINER functions `route_*`, one method each. */
export function createRouting(session: Session): Store["routing"] {
  return {
    async authenticate(keyId) {
      const [row] = await session.transaction(null, (tx) =>
        tx.query<{
          key_id: KeyId;
          tenant_id: TenantId | null;
          digest: string;
          scopes: Scope[];
          collections: CollectionId[] | null;
          expires_at: Date | null;
          revoked_at: Date | null;
        }>("select * from route_authenticate($1)", [keyId]),
      );
      if (!row) return null;
      return {
        keyId: row.key_id,
        tenantId: row.tenant_id,
        digest: row.digest,
        scopes: row.scopes,
        collections: row.collections,
        expiresAt: row.expires_at,
        revokedAt: row.revoked_at,
      };
    },
    async touchKey(keyId) {
      await session.transaction(null, (tx) => tx.query("select route_touch_key($1)", [keyId]));
    },
    async createTenant({ name, by }) {
      const id = newId("tenant");
      return session.transaction(id, async (tx) => {
        const [row] = await tx.query<{ created_at: Date }>("select route_create_tenant($1, $2) as created_at", [id, name]);
        await writeAudit(tx, id, by, { action: "tenant.create", subject: id });
        return { id, name, createdAt: row?.created_at ?? new Date() };
      });
    },
    async getTenant(id) {
      const [row] = await session.transaction(null, (tx) => tx.query<TenantRow>("select * from route_get_tenant($1)", [id]));
      return row ? toTenant(row) : null;
    },
    async listTenants(page) {
      const { limit, after } = readPage(page, "tenant");
      const rows = await session.transaction(null, (tx) =>
        tx.query<TenantRow>("select * from route_list_tenants($1, $2)", [after, limit + 1]),
      );
      return toPage(rows, limit, toTenant, (row) => row.id);
    },
    async createOperatorKey({ id, name, digest, by }) {
      await session.transaction("operator", async (tx) => {
        await tx.query("select route_create_operator_key($1, $2, $3)", [id, name, digest]);
        await writeAudit(tx, "operator", by, { action: "operator-key.create", subject: id });
      });
    },
    async countOperatorKeys() {
      const [row] = await session.transaction(null, (tx) => tx.query<{ count: number }>("select route_count_operator_keys() as count"));
      return row?.count ?? 0;
    },
    async claimOutbox({ topics, limit, leaseMs }) {
      const rows = await session.transaction(null, (tx) =>
        tx.query<{ id: string; tenant_id: TenantId; topic: string; payload: Record<string, string>; run_after: Date | null }>(
          "select id::text as id, tenant_id, topic, payload, run_after from route_claim_outbox($1, $2, $3)",
          [topics, limit, leaseMs],
        ),
      );
      return rows.map((row) => ({
        id: row.id,
        tenantId: row.tenant_id,
        topic: row.topic,
        payload: row.payload,
        runAfter: row.run_after,
      }));
    },
    async completeOutbox(ids) {
      if (ids.length === 0) return;
      await session.transaction(null, (tx) => tx.query("select route_complete_outbox($1::bigint[])", [`{${ids.map(Number).join(",")}}`]));
    },
    async strandedJobs({ staleMs, limit }) {
      const rows = await session.transaction(null, (tx) =>
        tx.query<{ tenant_id: TenantId; job_id: JobId }>("select * from route_stranded_jobs($1, $2)", [staleMs, limit]),
      );
      return rows.map((row) => ({ tenantId: row.tenant_id, jobId: row.job_id }));
    },
    async tenantsWithIndexWork(limit) {
      const rows = await session.transaction(null, (tx) =>
        tx.query<{ tenant_id: TenantId }>("select tenant_id from route_tenants_with_index_work($1)", [limit]),
      );
      return rows.map((row) => row.tenant_id);
    },
  };
}
