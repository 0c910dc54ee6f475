import { FootnoteError, isReservedPipelineName, newId, pipelineHash, type PipelineSpec } from "@footnote/core";
import { writeAudit } from "./audit.ts";
import { readSpec } from "./records.ts";
import type { Session } from "./session.ts";
import type { Store } from "./store.ts";

export function createUsageLedger(session: Session): Store["usage"] {
  return {
    async record(tenantId, entries) {
      if (entries.length === 0) return;
      await session.transaction(tenantId, (tx) =>
        tx.query(
          `insert into usage_entries (tenant_id, request_id, kind, stage, model, input_tokens, output_tokens, cost_usd)
           select $1, e."requestId", e.kind, e.stage, e.model, e."inputTokens", e."outputTokens", e."costUsd"
           from jsonb_to_recordset($2::jsonb) as e("requestId" text, kind text, stage text, model text, "inputTokens" bigint, "outputTokens" bigint, "costUsd" numeric)`,
          [tenantId, JSON.stringify(entries)],
        ),
      );
    },
    async summary(tenantId, { from, to }) {
      const rows = await session.transaction(tenantId, (tx) =>
        tx.query<{ kind: string; stage: string; model: string; input: number; output: number; cost: string; requests: number }>(
          `select kind, stage, model, sum(input_tokens)::float8 as input, sum(output_tokens)::float8 as output,
             trim_scale(sum(cost_usd))::text as cost, count(distinct request_id)::integer as requests
           from usage_entries where created_at >= $1 and created_at < $2 group by kind, stage, model order by kind, stage, model`,
          [from, to],
        ),
      );
      return rows.map((row) => ({
        kind: row.kind,
        stage: row.stage,
        model: row.model,
        inputTokens: row.input,
        outputTokens: row.output,
        costUsd: row.cost,
        requests: row.requests,
      }));
    },
  };
}

export function createPipelineRepository(session: Session): Store["pipelines"] {
  return {
    async list(tenantId) {
      const rows = await session.transaction(tenantId, (tx) =>
        tx.query<{ id: string; spec: PipelineSpec; hash: string; created_at: Date }>(
          "select id, spec, hash, created_at from pipelines order by id",
        ),
      );
      return rows.map((row) => ({ id: row.id, spec: readSpec(row.spec), hash: row.hash, createdAt: row.created_at }));
    },
    async put(tenantId, spec, by) {
      if (isReservedPipelineName(spec.name)) {
        throw new FootnoteError(
          "invalid_request",
          `The name ${spec.name} belongs to a pipeline of the server; give this one another name.`,
        );
      }
      return await session.transaction(tenantId, async (tx) => {
        const hash = pipelineHash(spec);
        const [known] = await tx.query<{ id: string }>("select id from pipelines where name = $1 and version = $2 and hash = $3", [
          spec.name,
          spec.version,
          hash,
        ]);
        if (known) return { id: known.id, hash };
        const id = newId("pipeline");
        await tx.query("insert into pipelines (tenant_id, id, name, version, hash, spec) values ($1, $2, $3, $4, $5, $6::jsonb)", [
          tenantId,
          id,
          spec.name,
          spec.version,
          hash,
          JSON.stringify(spec),
        ]);
        await writeAudit(tx, tenantId, by, { action: "pipeline.put", subject: id, details: { name: spec.name, version: spec.version } });
        return { id, hash };
      });
    },
  };
}
