import { FootnoteError, newId, type JobKind, type TenantId } from "@footnote/core";
import { enqueueJob } from "./outbox.ts";
import { jobColumns, type JobRow } from "./records.ts";
import type { Transaction } from "./session.ts";

/** A queued job and its outbox row. */
export async function insertJob(
  tx: Transaction,
  job: { tenantId: TenantId; kind: JobKind; collectionId: string; documentId: string | null; versionId: string | null; runId?: string },
): Promise<JobRow> {
  const [row] = await tx.query<JobRow>(
    `insert into jobs (tenant_id, id, kind, state, stage, collection_id, document_id, version_id, run_id)
     values ($1, $2, $3, 'queued', 'queued', $4, $5, $6, $7) returning ${jobColumns}`,
    [job.tenantId, newId("job"), job.kind, job.collectionId, job.documentId, job.versionId, job.runId ?? null],
  );
  if (!row) throw new FootnoteError("storage_failed", "A job was not stored; try again.");
  await enqueueJob(tx, { tenantId: job.tenantId, jobId: row.id });
  return row;
}
