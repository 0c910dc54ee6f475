import { randomUUID } from "node:crypto";
import { FootnoteError } from "@footnote/core";
import { writeAudit } from "./audit.ts";
import { enqueueJob } from "./outbox.ts";
import { readPage, toPage } from "./paging.ts";
import { jobColumns, toJob, type JobRow } from "./records.ts";
import type { Session } from "./session.ts";
import type { Store } from "./store.ts";

export function createJobRepository(session: Session): Store["jobs"] {
  return {
    async get(tenantId, id) {
      const [row] = await session.transaction(tenantId, (tx) => tx.query<JobRow>(`select ${jobColumns} from jobs where id = $1`, [id]));
      return row ? toJob(row) : null;
    },
    async list(tenantId, page) {
      const { limit, after } = readPage(page, "job");
      const rows = await session.transaction(tenantId, (tx) =>
        tx.query<JobRow>(
          `select ${jobColumns} from jobs where ($1::text is null or id < $1) and ($2::text is null or state = $2)
             and ($3::text is null or document_id = $3) and ($4::text is null or collection_id = $4) order by id desc limit $5`,
          [after, page.state ?? null, page.documentId ?? null, page.collectionId ?? null, limit + 1],
        ),
      );
      return toPage(rows, limit, toJob, (row) => row.id);
    },
    async start(tenantId, id, { staleMs }) {
      const lease = randomUUID();
      const [row] = await session.transaction(tenantId, (tx) =>
        tx.query<JobRow>(
          `update jobs set state = 'running', attempts = attempts + 1, lease = $2, heartbeat_at = now(), updated_at = now(), error = null, run_after = null
           where id = $1 and ((state = 'queued' and (run_after is null or run_after <= clock_timestamp()))
             or (state = 'running' and coalesce(heartbeat_at, updated_at) < clock_timestamp() - make_interval(secs => $3::float8 / 1000)))
           returning ${jobColumns}`,
          [id, lease, staleMs],
        ),
      );
      return row ? { job: toJob(row), lease } : null;
    },
    async heartbeat(tenantId, id, lease, { stage, progress }) {
      const [row] = await session.transaction(tenantId, (tx) =>
        tx.query<{ cancel_requested: boolean }>(
          `update jobs set stage = $3, progress = greatest(progress, $4::real), heartbeat_at = now(), updated_at = now()
           where id = $1 and lease = $2 and state = 'running' returning cancel_requested`,
          [id, lease, stage, progress],
        ),
      );
      if (!row) return "lost";
      return row.cancel_requested ? "cancel" : "ok";
    },
    finish: (tenantId, id, lease, outcome) =>
      session.transaction(tenantId, async (tx) => {
        const again = outcome.state === "queued";
        const [row] = await tx.query<{ id: string }>(
          `update jobs set state = $3, error = $4::jsonb, result = $5::jsonb, run_after = $6::timestamptz, lease = null, updated_at = now(),
             stage = case when $3 = 'succeeded' then 'done' else stage end, progress = case when $3 = 'succeeded' then 1 else progress end,
             finished_at = case when $7::boolean then null else now() end, attempts = attempts - $8::integer
           where id = $1 and lease = $2 and state = 'running' returning id`,
          [
            id,
            lease,
            outcome.state,
            "error" in outcome && outcome.error ? JSON.stringify(outcome.error) : null,
            outcome.state === "succeeded" && outcome.result ? JSON.stringify(outcome.result) : null,
            again ? outcome.runAfter : null,
            again,
            again && outcome.uncounted === true ? 1 : 0,
          ],
        );
        if (row && again) {
          await enqueueJob(tx, { tenantId, jobId: id, runAfter: outcome.runAfter });
        }
        return row !== undefined;
      }),
    cancel: (tenantId, id, by) =>
      session.transaction(tenantId, async (tx) => {
        const [row] = await tx.query<JobRow>(
          `update jobs set cancel_requested = true, updated_at = now(),
             state = case when state = 'queued' then 'cancelled' else state end,
             error = case when state = 'queued' then '{"code":"cancelled","message":"The job was cancelled before it started."}'::jsonb else error end,
             finished_at = case when state = 'queued' then now() else finished_at end
           where id = $1 and state in ('queued', 'running') returning ${jobColumns}`,
          [id],
        );
        if (row) {
          await writeAudit(tx, tenantId, by, { action: "job.cancel", subject: id });
          if (row.state === "cancelled" && row.version_id !== null) await endWaitingVersion(tx, row.version_id);
          return toJob(row);
        }
        const [known] = await tx.query<JobRow>(`select ${jobColumns} from jobs where id = $1`, [id]);
        return known ? toJob(known) : null;
      }),
    retry: (tenantId, id, by) =>
      session.transaction(tenantId, async (tx) => {
        const [known] = await tx.query<JobRow>(`select ${jobColumns} from jobs where id = $1 for update`, [id]);
        if (!known) return null;
        if (!["failed", "dead", "cancelled"].includes(known.state)) {
          throw new FootnoteError("conflict", `The job is ${known.state}; only a failed, dead or cancelled one can be retried.`);
        }
        if (known.kind === "ingest") {
          const [version] = await tx.query(
            `update document_versions v set state = 'pending', error = null
             where v.id = $1 and v.state in ('failed', 'cancelled', 'pending', 'parsed', 'chunked', 'embedded', 'indexed')
               and exists (select from documents d where d.tenant_id = v.tenant_id and d.id = v.document_id and d.state <> 'deleting') returning v.id`,
            [known.version_id],
          );
          if (!version) throw new FootnoteError("conflict", "The job's document version is gone or already live; put the document again.");
          await tx.query(
            "update documents set state = 'pending', error = null, updated_at = now() where id = $1 and newest_version_id = $2",
            [known.document_id, known.version_id],
          );
        }
        const [row] = await tx.query<JobRow>(
          `update jobs set state = 'queued', stage = 'queued', progress = 0, attempts = 0, error = null, result = null, cancel_requested = false,
             lease = null, run_after = null, finished_at = null, updated_at = now() where id = $1 returning ${jobColumns}`,
          [id],
        );
        await enqueueJob(tx, { tenantId, jobId: id });
        await writeAudit(tx, tenantId, by, { action: "job.retry", subject: id });
        return row ? toJob(row) : null;
      }),
  };

  async function endWaitingVersion(tx: { query(text: string, values: unknown[]): Promise<unknown> }, versionId: string): Promise<void> {
    const error = JSON.stringify({ code: "cancelled", message: "The ingestion was cancelled before it started." });
    await tx.query(
      "update document_versions set state = 'cancelled', error = $2::jsonb where id = $1 and state not in ('live', 'superseded')",
      [versionId, error],
    );
    await tx.query(
      "update documents set state = 'failed', error = $2::jsonb, updated_at = now() where newest_version_id = $1 and state <> 'deleting'",
      [versionId, error],
    );
  }
}
