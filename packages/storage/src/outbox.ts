import type { JobId, TenantId } from "@footnote/core";
import { outbox } from "./schema/work.ts";
import type { Transaction } from "./session.ts";

/** A row that is delivered after the transaction commits. The payload holds ids, never content. */
export async function insertOutbox(
  { db }: Transaction,
  row: Omit<typeof outbox.$inferInsert, "claimedUntil" | "createdAt">,
): Promise<void> {
  await db.insert(outbox).values(row);
}

/** Leads a job to the queue. */
export async function enqueueJob(tx: Transaction, job: { tenantId: TenantId; jobId: JobId; runAfter?: Date }): Promise<void> {
  const { tenantId, jobId, runAfter } = job;
  await insertOutbox(tx, { tenantId, topic: "job", payload: { jobId }, ...(runAfter ? { runAfter } : {}) });
}
