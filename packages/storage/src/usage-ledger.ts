import { and, gte, lt, sql } from "drizzle-orm";
import { usageEntries } from "./schema/tenancy.ts";
import type { Session } from "./session.ts";
import type { Store } from "./store.ts";

export function createUsageLedger(session: Session): Store["usage"] {
  const { kind, stage, model, inputTokens, outputTokens, costUsd, requestId, createdAt } = usageEntries;
  return {
    async record(tenantId, entries) {
      if (entries.length === 0) return;
      await session.transaction(tenantId, ({ db }) => db.insert(usageEntries).values(entries.map((entry) => ({ tenantId, ...entry }))));
    },
    summary: (tenantId, { from, to }) =>
      session.transaction(tenantId, ({ db }) =>
        db
          .select({
            kind,
            stage,
            model,
            inputTokens: sql<number>`sum(${inputTokens})::float8`,
            outputTokens: sql<number>`sum(${outputTokens})::float8`,
            costUsd: sql<string>`trim_scale(sum(${costUsd}))::text`,
            requests: sql<number>`count(distinct ${requestId})::integer`,
          })
          .from(usageEntries)
          .where(and(gte(createdAt, from), lt(createdAt, to)))
          .groupBy(kind, stage, model)
          .orderBy(kind, stage, model),
      ),
  };
}
