import { and, eq, isNull, lt, sql } from "drizzle-orm";
import { idempotencyKeys as kept } from "./schema/tenancy.ts";
import type { Session } from "./session.ts";
import type { Store } from "./store.ts";

type RequestScope = Parameters<Store["idempotency"]["begin"]>[0];

/** Requests of operators, which have no tenant, are kept under a scope of their own. */
const rowOf = ({ tenantId, actor }: RequestScope, key: string) => ({
  tenantId: tenantId ?? ("operator" as const),
  actorType: actor.type,
  actorId: actor.id,
  key,
});
const isRow = (row: ReturnType<typeof rowOf>) =>
  and(eq(kept.tenantId, row.tenantId), eq(kept.actorType, row.actorType), eq(kept.actorId, row.actorId), eq(kept.key, row.key));

export function createIdempotency(session: Session): Store["idempotency"] {
  return {
    begin: (scope, key, requestSha256) => {
      const row = rowOf(scope, key);
      return session.transaction(row.tenantId, async ({ db }) => {
        await db.delete(kept).where(and(eq(kept.tenantId, row.tenantId), lt(kept.createdAt, sql`now() - interval '24 hours'`)));
        const inserted = await db
          .insert(kept)
          .values({ ...row, requestSha256 })
          .onConflictDoNothing()
          .returning({ key: kept.key });
        if (inserted.length > 0) return { type: "started" };
        const isStale = sql<boolean>`${kept.createdAt} < clock_timestamp() - interval '60 seconds'`;
        const [known] = await db
          .select({ requestSha256: kept.requestSha256, status: kept.status, body: kept.body, isStale })
          .from(kept)
          .where(isRow(row))
          .for("update");
        if (!known) return { type: "in-progress" };
        if (known.requestSha256 !== requestSha256) return { type: "mismatch" };
        if (known.status !== null) return { type: "replay", status: known.status, body: known.body ?? "" };
        if (!known.isStale) return { type: "in-progress" };
        await db
          .update(kept)
          .set({ createdAt: sql`now()` })
          .where(isRow(row));
        return { type: "started" };
      });
    },
    async complete(scope, key, { status, body, documentId = null }) {
      const row = rowOf(scope, key);
      await session.transaction(row.tenantId, ({ db }) => db.update(kept).set({ status, body, documentId }).where(isRow(row)));
    },
    async abandon(scope, key) {
      const row = rowOf(scope, key);
      await session.transaction(row.tenantId, ({ db }) => db.delete(kept).where(and(isRow(row), isNull(kept.status))));
    },
  };
}
