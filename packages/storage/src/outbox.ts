import type { JobId, TenantId } from "@footnote/core";
import type { Transaction } from "./session.ts";

/** A row that is delivered after the transaction commits. The payload holds ids, never content. */
export async function insertOutbox(
  tx: Transaction,
  row: { tenantId: TenantId; topic: string; payload: Record<string, string>; runAfter?: Date },
): Promise<void> {
  await tx.query("insert into outbox (tenant_id, topic, payload, run_after) values ($1, $2, $3::jsonb, $4)", [
    row.tenantId,
    row.topic,
    JSON.stringify(row.payload),
    row.runAfter ?? null,
  ]);
}

/** Leads a job to the queue. */
export async function enqueueJob(tx: Transaction, job: { tenantId: TenantId; jobId: JobId; runAfter?: Date }): Promise<void> {
  const { tenantId, jobId, runAfter } = job;
  await insertOutbox(tx, { tenantId, topic: "job", payload: { jobId }, ...(runAfter ? { runAfter } : {}) });
}
