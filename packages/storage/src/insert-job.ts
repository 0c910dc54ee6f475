import { FootnoteError, newId } from "@footnote/core";
import { enqueueJob } from "./outbox.ts";
import { jobColumns, type JobRow } from "./records.ts";
import { jobs } from "./schema/work.ts";
import type { Transaction } from "./session.ts";

type NewJob = Omit<typeof jobs.$inferInsert, "id" | "state" | "stage">;

/** A queued job and its outbox row. */
export async function insertJob(tx: Transaction, job: NewJob): Promise<JobRow> {
  const [row] = await tx.db
    .insert(jobs)
    .values({ ...job, id: newId("job"), state: "queued", stage: "queued" })
    .returning(jobColumns);
  if (!row) throw new FootnoteError("storage_failed", "A job was not stored; try again.");
  await enqueueJob(tx, { tenantId: job.tenantId, jobId: row.id });
  return row;
}
