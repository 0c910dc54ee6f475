import type { Attribution, TenantId } from "@footnote/core";
import { desc, lt } from "drizzle-orm";
import { readNumberedPage, toPage } from "./paging.ts";
import { auditLog } from "./schema/tenancy.ts";
import type { Session, Transaction } from "./session.ts";
import type { Store } from "./store.ts";
import type { AuditEntry } from "./store/audit.ts";

/** The audit row of a change, in the change's own transaction. */
export async function writeAudit(
  tx: Transaction,
  tenantId: TenantId | "operator",
  by: Attribution,
  entry: { action: string; subject: string; details?: AuditEntry["details"] },
): Promise<void> {
  const { type: actorType, id: actorId } = by.actor;
  await tx.db.insert(auditLog).values({ tenantId, actorType, actorId, requestId: by.requestId ?? null, details: {}, ...entry });
}

/** Newest first. */
export function createAuditRepository(session: Session): Store["audit"] {
  return {
    async list(tenantId, page) {
      const { limit, after } = readNumberedPage(page);
      const rows = await session.transaction(tenantId, (tx) =>
        tx.db
          .select()
          .from(auditLog)
          .where(after === null ? undefined : lt(auditLog.id, after))
          .orderBy(desc(auditLog.id))
          .limit(limit + 1),
      );
      const toEntry = ({ tenantId: _tenantId, id: _id, actorType, actorId, ...entry }: (typeof rows)[number]): AuditEntry => ({
        actor: { type: actorType, id: actorId },
        ...entry,
      });
      return toPage(rows, limit, toEntry, ({ id }) => String(id));
    },
  };
}
