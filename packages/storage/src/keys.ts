import { writeAudit } from "./audit.ts";
import { FootnoteError } from "@footnote/core";
import { readPage, toPage } from "./paging.ts";
import { keyColumns, toKey, type KeyRow } from "./records.ts";
import type { Session } from "./session.ts";
import type { Store } from "./store.ts";

export function createKeyRepository(session: Session): Store["keys"] {
  return {
    create: (tenantId, key, by) =>
      session.transaction(tenantId, async (tx) => {
        const [tenant] = await tx.query("select tenant_id from tenants where tenant_id = $1", [tenantId]);
        if (!tenant) throw new FootnoteError("not_found", "The tenant does not exist.");
        const [row] = await tx.query<KeyRow>(
          `insert into api_keys (tenant_id, id, name, digest, scopes, collections, expires_at) values ($1, $2, $3, $4, $5, $6, $7) returning ${keyColumns}`,
          [tenantId, key.id, key.name, key.digest, key.scopes, key.collections ?? null, key.expiresAt ?? null],
        );
        if (!row) throw new FootnoteError("storage_failed", "The key was not stored; try again.");
        await writeAudit(tx, tenantId, by, { action: "key.create", subject: key.id, details: { scopes: key.scopes.join(" ") } });
        return toKey(row);
      }),
    async list(tenantId, page) {
      const { limit, after } = readPage(page, "key");
      const rows = await session.transaction(tenantId, (tx) =>
        tx.query<KeyRow>(`select ${keyColumns} from api_keys where $1::text is null or id > $1 order by id limit $2`, [after, limit + 1]),
      );
      return toPage(rows, limit, toKey, (row) => row.id);
    },
    revoke: (tenantId, id, by) =>
      session.transaction(tenantId, async (tx) => {
        const [row] = await tx.query<KeyRow>(
          `update api_keys set revoked_at = coalesce(revoked_at, now()) where id = $1 returning ${keyColumns}`,
          [id],
        );
        if (!row) return null;
        await writeAudit(tx, tenantId, by, { action: "key.revoke", subject: id });
        return toKey(row);
      }),
  };
}
