import { FootnoteError } from "@footnote/core";
import { eq, getTableColumns, gt, sql } from "drizzle-orm";
import { writeAudit } from "./audit.ts";
import { readPage, toPage } from "./paging.ts";
import { apiKeys, tenants } from "./schema/tenancy.ts";
import type { Session } from "./session.ts";
import type { Store } from "./store.ts";

const { tenantId: _tenantId, digest: _digest, ...shownColumns } = getTableColumns(apiKeys);

export function createKeyRepository(session: Session): Store["keys"] {
  return {
    create: (tenantId, key, by) =>
      session.transaction(tenantId, async (tx) => {
        const [tenant] = await tx.db.select({ id: tenants.tenantId }).from(tenants).where(eq(tenants.tenantId, tenantId));
        if (!tenant) throw new FootnoteError("not_found", "The tenant does not exist.");
        const [row] = await tx.db
          .insert(apiKeys)
          .values({ tenantId, ...key })
          .returning(shownColumns);
        if (!row) throw new FootnoteError("storage_failed", "The key was not stored; try again.");
        await writeAudit(tx, tenantId, by, { action: "key.create", subject: key.id, details: { scopes: key.scopes.join(" ") } });
        return row;
      }),
    async list(tenantId, page) {
      const { limit, after } = readPage(page, "key");
      const rows = await session.transaction(tenantId, (tx) =>
        tx.db
          .select(shownColumns)
          .from(apiKeys)
          .where(after === null ? undefined : gt(apiKeys.id, after))
          .orderBy(apiKeys.id)
          .limit(limit + 1),
      );
      return toPage(
        rows,
        limit,
        (row) => row,
        (row) => row.id,
      );
    },
    revoke: (tenantId, id, by) =>
      session.transaction(tenantId, async (tx) => {
        const [row] = await tx.db
          .update(apiKeys)
          .set({ revokedAt: sql`coalesce(${apiKeys.revokedAt}, now())` })
          .where(eq(apiKeys.id, id))
          .returning(shownColumns);
        if (!row) return null;
        await writeAudit(tx, tenantId, by, { action: "key.revoke", subject: id });
        return row;
      }),
  };
}
