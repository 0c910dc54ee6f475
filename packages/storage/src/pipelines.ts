import { FootnoteError, isReservedPipelineName, newId, pipelineHash } from "@footnote/core";
import { and, eq } from "drizzle-orm";
import { writeAudit } from "./audit.ts";
import { readSpec } from "./records.ts";
import { pipelines } from "./schema/tenancy.ts";
import type { Session } from "./session.ts";
import type { Store } from "./store.ts";

export function createPipelineRepository(session: Session): Store["pipelines"] {
  return {
    async list(tenantId) {
      const { id, spec, hash, createdAt } = pipelines;
      const rows = await session.transaction(tenantId, ({ db }) => db.select({ id, spec, hash, createdAt }).from(pipelines).orderBy(id));
      return rows.map((row) => ({ ...row, spec: readSpec(row.spec) }));
    },
    async put(tenantId, spec, by) {
      const { name, version } = spec;
      if (isReservedPipelineName(name)) {
        throw new FootnoteError("invalid_request", `The name ${name} belongs to a pipeline of the server; give this one another name.`);
      }
      return await session.transaction(tenantId, async (tx) => {
        const hash = pipelineHash(spec);
        const [known] = await tx.db
          .select({ id: pipelines.id })
          .from(pipelines)
          .where(and(eq(pipelines.name, name), eq(pipelines.version, version), eq(pipelines.hash, hash)));
        if (known) return { id: known.id, hash };
        const id = newId("pipeline");
        await tx.db.insert(pipelines).values({ tenantId, id, name, version, hash, spec });
        await writeAudit(tx, tenantId, by, { action: "pipeline.put", subject: id, details: { name, version } });
        return { id, hash };
      });
    },
  };
}
