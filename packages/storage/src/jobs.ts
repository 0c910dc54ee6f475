import { randomUUID } from "node:crypto";
import { FootnoteError, type JobState, type VersionId } from "@footnote/core";
import { and, desc, eq, exists, inArray, isNull, lt, lte, ne, notInArray, or, sql } from "drizzle-orm";
import { writeAudit } from "./audit.ts";
import { enqueueJob } from "./outbox.ts";
import { readPage, toPage } from "./paging.ts";
import { jobColumns, toJob } from "./records.ts";
import { documents, documentVersions } from "./schema/documents.ts";
import { jobs } from "./schema/work.ts";
import type { Session, Transaction } from "./session.ts";
import type { Store } from "./store.ts";

const now = sql`now()`;
const retriable: readonly JobState[] = ["failed", "dead", "cancelled"];

/** What a cancellation makes of a job that waits; one that runs is asked to end. */
export const cancelWaiting = {
  cancelRequested: true,
  updatedAt: now,
  state: sql`case when ${jobs.state} = 'queued' then 'cancelled' else ${jobs.state} end`,
  finishedAt: sql`case when ${jobs.state} = 'queued' then now() else ${jobs.finishedAt} end`,
};

export function createJobRepository(session: Session): Store["jobs"] {
  return {
    async get(tenantId, id) {
      const [row] = await session.transaction(tenantId, ({ db }) => db.select(jobColumns).from(jobs).where(eq(jobs.id, id)));
      return row ? toJob(row) : null;
    },
    async list(tenantId, page) {
      const { limit, after } = readPage(page, "job");
      const { state, documentId, collectionId } = page;
      const rows = await session.transaction(tenantId, ({ db }) =>
        db
          .select(jobColumns)
          .from(jobs)
          .where(
            and(
              after === null ? undefined : lt(jobs.id, after),
              state === undefined ? undefined : eq(jobs.state, state),
              documentId === undefined ? undefined : eq(jobs.documentId, documentId),
              collectionId === undefined ? undefined : eq(jobs.collectionId, collectionId),
            ),
          )
          .orderBy(desc(jobs.id))
          .limit(limit + 1),
      );
      return toPage(rows, limit, toJob, (row) => row.id);
    },
    async start(tenantId, id, { staleMs }) {
      const lease = randomUUID();
      const moment = sql`clock_timestamp()`;
      const isDue = and(eq(jobs.state, "queued"), or(isNull(jobs.runAfter), lte(jobs.runAfter, moment)));
      const lastSign = sql`coalesce(${jobs.heartbeatAt}, ${jobs.updatedAt})`;
      const isStale = and(eq(jobs.state, "running"), lt(lastSign, sql`${moment} - make_interval(secs => ${staleMs}::float8 / 1000)`));
      const attempts = sql`${jobs.attempts} + 1`;
      const [row] = await session.transaction(tenantId, ({ db }) =>
        db
          .update(jobs)
          .set({ state: "running", attempts, lease, heartbeatAt: now, updatedAt: now, error: null, runAfter: null })
          .where(and(eq(jobs.id, id), or(isDue, isStale)))
          .returning(jobColumns),
      );
      return row ? { job: toJob(row), lease } : null;
    },
    async heartbeat(tenantId, id, lease, { stage, progress }) {
      const [row] = await session.transaction(tenantId, ({ db }) =>
        db
          .update(jobs)
          .set({ stage, progress: sql`greatest(${jobs.progress}, ${progress}::real)`, heartbeatAt: now, updatedAt: now })
          .where(and(eq(jobs.id, id), eq(jobs.lease, lease), eq(jobs.state, "running")))
          .returning({ cancelRequested: jobs.cancelRequested }),
      );
      if (!row) return "lost";
      return row.cancelRequested ? "cancel" : "ok";
    },
    finish: (tenantId, id, lease, outcome) =>
      session.transaction(tenantId, async (tx) => {
        const runAfter = outcome.state === "queued" ? outcome.runAfter : null;
        const [row] = await tx.db
          .update(jobs)
          .set({
            state: outcome.state,
            error: outcome.state === "succeeded" ? null : outcome.error,
            result: outcome.state === "succeeded" ? (outcome.result ?? null) : null,
            runAfter,
            lease: null,
            updatedAt: now,
            finishedAt: outcome.state === "queued" ? null : now,
            ...(outcome.state === "succeeded" ? { stage: "done" as const, progress: 1 } : {}),
            ...(outcome.state === "queued" && outcome.uncounted === true ? { attempts: sql`${jobs.attempts} - 1` } : {}),
          })
          .where(and(eq(jobs.id, id), eq(jobs.lease, lease), eq(jobs.state, "running")))
          .returning({ id: jobs.id });
        if (row && runAfter !== null) await enqueueJob(tx, { tenantId, jobId: id, runAfter });
        return row !== undefined;
      }),
    cancel: (tenantId, id, by) =>
      session.transaction(tenantId, async (tx) => {
        const error = JSON.stringify({ code: "cancelled", message: "The job was cancelled before it started." });
        const [row] = await tx.db
          .update(jobs)
          .set({ ...cancelWaiting, error: sql`case when ${jobs.state} = 'queued' then ${error}::jsonb else ${jobs.error} end` })
          .where(and(eq(jobs.id, id), inArray(jobs.state, ["queued", "running"])))
          .returning(jobColumns);
        if (row) {
          await writeAudit(tx, tenantId, by, { action: "job.cancel", subject: id });
          if (row.state === "cancelled" && row.versionId !== null) await endWaitingVersion(tx, row.versionId);
          return toJob(row);
        }
        const [known] = await tx.db.select(jobColumns).from(jobs).where(eq(jobs.id, id));
        return known ? toJob(known) : null;
      }),
    retry: (tenantId, id, by) =>
      session.transaction(tenantId, async (tx) => {
        const [known] = await tx.db.select(jobColumns).from(jobs).where(eq(jobs.id, id)).for("update");
        if (!known) return null;
        if (!retriable.includes(known.state)) {
          throw new FootnoteError("conflict", `The job is ${known.state}; only a failed, dead or cancelled one can be retried.`);
        }
        if (known.kind === "ingest") await reviveVersion(tx, known.versionId);
        const fresh = { cancelRequested: false, lease: null, runAfter: null, finishedAt: null, updatedAt: now };
        const [row] = await tx.db
          .update(jobs)
          .set({ state: "queued", stage: "queued", progress: 0, attempts: 0, error: null, result: null, ...fresh })
          .where(eq(jobs.id, id))
          .returning(jobColumns);
        await enqueueJob(tx, { tenantId, jobId: id });
        await writeAudit(tx, tenantId, by, { action: "job.retry", subject: id });
        return row ? toJob(row) : null;
      }),
  };
}

/** A version that did not become live is to be ingested again. */
async function reviveVersion({ db }: Transaction, versionId: VersionId | null): Promise<void> {
  const isKept = db
    .select({ id: documents.id })
    .from(documents)
    .where(
      and(
        eq(documents.tenantId, documentVersions.tenantId),
        eq(documents.id, documentVersions.documentId),
        ne(documents.state, "deleting"),
      ),
    );
  const [version] = await db
    .update(documentVersions)
    .set({ state: "pending", error: null })
    .where(
      and(
        eq(documentVersions.id, sql`${versionId}`),
        inArray(documentVersions.state, ["failed", "cancelled", "pending", "parsed", "chunked", "embedded", "indexed"]),
        exists(isKept),
      ),
    )
    .returning({ id: documentVersions.id, documentId: documentVersions.documentId });
  if (!version) throw new FootnoteError("conflict", "The job's document version is gone or already live; put the document again.");
  await db
    .update(documents)
    .set({ state: "pending", error: null, updatedAt: now })
    .where(and(eq(documents.id, version.documentId), eq(documents.newestVersionId, version.id)));
}

async function endWaitingVersion({ db }: Transaction, versionId: VersionId): Promise<void> {
  const error = { code: "cancelled", message: "The ingestion was cancelled before it started." };
  await db
    .update(documentVersions)
    .set({ state: "cancelled", error })
    .where(and(eq(documentVersions.id, versionId), notInArray(documentVersions.state, ["live", "superseded"])));
  await db
    .update(documents)
    .set({ state: "failed", error, updatedAt: now })
    .where(and(eq(documents.newestVersionId, versionId), ne(documents.state, "deleting")));
}
