import type { ActorRef, Attribution, TenantId } from "@footnote/core";
import { readPage, toPage } from "./paging.ts";
import type { Session, Transaction } from "./session.ts";
import type { AuditEntry, Store } from "./store.ts";

/** The audit row of a change, in the change's own transaction. */
export async function writeAudit(
  tx: Transaction,
  tenantId: TenantId | "operator",
  by: Attribution,
  entry: { action: string; subject: string; details?: AuditEntry["details"] },
): Promise<void> {
  await tx.query(
    "insert into audit_log (tenant_id, actor_type, actor_id, action, subject, request_id, details) values ($1, $2, $3, $4, $5, $6, $7::jsonb)",
    [tenantId, by.actor.type, by.actor.id, entry.action, entry.subject, by.requestId ?? null, JSON.stringify(entry.details ?? {})],
  );
}

interface AuditRow {
  id: string;
  actor_type: ActorRef["type"];
  actor_id: string;
  action: string;
  subject: string;
  request_id: string | null;
  details: AuditEntry["details"];
  created_at: Date;
}

/** Newest first. */
export function createAuditRepository(session: Session): Store["audit"] {
  return {
    async list(tenantId, page) {
      const { limit, after } = readPage(page, "number");
      const rows = await session.transaction(tenantId, (tx) =>
        tx.query<AuditRow>(
          `select id::text as id, actor_type, actor_id, action, subject, request_id, details, created_at from audit_log
           where $1::text is null or id < $1::bigint order by id desc limit $2`,
          [after, limit + 1],
        ),
      );
      const map = (row: AuditRow): AuditEntry => ({
        actor: { type: row.actor_type, id: row.actor_id },
        action: row.action,
        subject: row.subject,
        requestId: row.request_id,
        details: row.details,
        createdAt: row.created_at,
      });
      return toPage(rows, limit, map, (row) => row.id);
    },
  };
}
