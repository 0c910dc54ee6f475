import { FootnoteError, newId } from "@footnote/core";
import { and, count, desc, eq, getTableColumns, gt, inArray, lt, sql } from "drizzle-orm";
import { QueryBuilder } from "drizzle-orm/pg-core";
import { writeAudit } from "./audit.ts";
import { datasetHash } from "./evaluation-datasets.ts";
import { insertJob } from "./insert-job.ts";
import { readNumberedPage, readPage, toPage } from "./paging.ts";
import { toEvaluationJob } from "./records.ts";
import { evalCases, evalDatasets, evalResults, evalRuns } from "./schema/evaluations.ts";
import { jobs } from "./schema/work.ts";
import type { Session, Transaction } from "./session.ts";
import type { EvalRunRecord, RunRepository } from "./store/evaluation-runs.ts";

/** Runs of one tenant that wait or go on: more would keep its uploads waiting. */
const mostOpenRuns = 5;

const { tenantId: _tenantId, actorType, actorId, ...runColumns } = getTableColumns(evalRuns);
const done = new QueryBuilder()
  .select({ doneCount: sql<number>`count(*)::integer`.as("done_count") })
  .from(evalResults)
  .where(and(eq(evalResults.tenantId, evalRuns.tenantId), eq(evalResults.runId, evalRuns.id)))
  .as("done");

const selectRuns = ({ db }: Transaction) =>
  db
    .select({ run: runColumns, actorType, actorId, state: jobs.state, error: jobs.error, doneCount: done.doneCount })
    .from(evalRuns)
    .leftJoin(jobs, and(eq(jobs.tenantId, evalRuns.tenantId), eq(jobs.id, evalRuns.jobId)))
    .crossJoinLateral(done);

const toRun = ({ run, actorType: type, actorId: id, state, ...row }: Awaited<ReturnType<typeof selectRuns>>[number]): EvalRunRecord => ({
  ...run,
  ...row,
  actor: type === null || id === null ? null : { type, id },
  state: run.finishedAt === null ? (state ?? "failed") : "succeeded",
});

export function createRunRepository(session: Session): RunRepository {
  return {
    createRun: (tenantId, { dataset, split, pipeline, pipelineHash, by }) =>
      session.transaction(tenantId, async (tx) => {
        const { db } = tx;
        const [known] = await db.select().from(evalDatasets).where(eq(evalDatasets.name, dataset)).for("share");
        if (!known) throw new FootnoteError("not_found", "The dataset does not exist.");
        const cases = await db
          .select({ sha256: evalCases.sha256 })
          .from(evalCases)
          .where(and(eq(evalCases.dataset, dataset), eq(evalCases.split, split)));
        if (cases.length === 0) {
          throw new FootnoteError("invalid_request", `The dataset has no case in the split ${split}; choose the other split.`);
        }
        // Two who begin at once are counted one after the other.
        await tx.query("select pg_advisory_xact_lock(hashtextextended('eval runs ' || $1, 0))", [tenantId]);
        const isOpen = and(eq(jobs.kind, "evaluate"), inArray(jobs.state, ["queued", "running"]));
        const [open] = await db.select({ count: count() }).from(jobs).where(isOpen);
        if (open && open.count >= mostOpenRuns) {
          throw new FootnoteError("conflict", `${open.count} runs are under way already; wait for one to end, or cancel its job.`);
        }
        const id = newId("run");
        const { collectionId } = known;
        const job = await insertJob(tx, { tenantId, kind: "evaluate", collectionId, documentId: null, versionId: null, runId: id });
        const about = { dataset, datasetSha256: datasetHash(cases), collectionId, split, pipeline, pipelineHash };
        const who = { actorType: by.actor.type, actorId: by.actor.id };
        await db.insert(evalRuns).values({ tenantId, id, ...about, ...who, caseCount: cases.length, jobId: job.id });
        await writeAudit(tx, tenantId, by, { action: "eval-run.create", subject: id, details: { dataset, pipeline } });
        const [row] = await selectRuns(tx).where(eq(evalRuns.id, id));
        if (!row) throw new FootnoteError("storage_failed", "The run was not stored; try again.");
        return { run: toRun(row), job: toEvaluationJob(job) };
      }),
    async getRun(tenantId, id) {
      const [row] = await session.transaction(tenantId, (tx) => selectRuns(tx).where(eq(evalRuns.id, id)));
      return row ? toRun(row) : null;
    },
    async listRuns(tenantId, page) {
      const { limit, after } = readPage(page, "run");
      const rows = await session.transaction(tenantId, (tx) =>
        selectRuns(tx)
          .where(
            and(
              after === null ? undefined : lt(evalRuns.id, after),
              page.dataset === undefined ? undefined : eq(evalRuns.dataset, page.dataset),
              page.only ? inArray(evalRuns.collectionId, [...page.only]) : undefined,
            ),
          )
          .orderBy(desc(evalRuns.id))
          .limit(limit + 1),
      );
      return toPage(rows, limit, toRun, ({ run }) => run.id);
    },
    deleteRun: (tenantId, id, by) =>
      session.transaction(tenantId, async (tx) => {
        const [found] = await selectRuns(tx).where(eq(evalRuns.id, id)).for("update", { of: evalRuns });
        if (!found) return false;
        if (found.state === "queued" || found.state === "running") {
          throw new FootnoteError("conflict", "The run is under way; wait for it, or cancel its job.");
        }
        await tx.db.delete(evalResults).where(eq(evalResults.runId, id));
        await tx.db.delete(evalRuns).where(eq(evalRuns.id, id));
        await writeAudit(tx, tenantId, by, { action: "eval-run.delete", subject: id });
        return true;
      }),
    async setUnder(tenantId, id, { corpus, judges: given }) {
      const judges = [...given];
      await session.transaction(tenantId, async ({ db }) => {
        // Results that were judged otherwise, or over other documents, do not belong to the same run.
        const isSame = sql`${evalRuns.corpus} is not distinct from ${corpus} and ${eq(evalRuns.judges, judges)}`;
        const [same] = await db
          .select({ id: evalRuns.id })
          .from(evalRuns)
          .where(and(eq(evalRuns.id, id), isSame));
        if (same) return;
        await db.delete(evalResults).where(eq(evalResults.runId, id));
        await db.update(evalRuns).set({ corpus, judges }).where(eq(evalRuns.id, id));
      });
    },
    addResult: (tenantId, id, result) =>
      session.transaction(tenantId, async (tx) => {
        const { caseId, ordinal, tags, documentIds, metrics, body } = result;
        // An erasure at this moment waits for this row, or what it took is seen to be gone.
        const added = await tx.query(
          `with shown as (select d.external_id from documents d where d.id = any($6) and d.state <> 'deleting' order by d.id for share)
           insert into eval_results (tenant_id, run_id, case_id, ordinal, tags, documents, metrics, body)
           select $1, r.id, c.id, $4, $5, array(select external_id from shown union select unnest(c.documents) order by 1), $7::jsonb, $8::jsonb
           from eval_runs r join eval_cases c on c.tenant_id = r.tenant_id and c.dataset = r.dataset
           where r.id = $2 and c.id = $3 and (select count(*) from shown) = cardinality($6::text[]) for key share of r, c
           on conflict (tenant_id, run_id, case_id) do update set metrics = excluded.metrics, body = excluded.body, documents = excluded.documents
           returning 1`,
          [tenantId, id, caseId, ordinal, tags, documentIds, JSON.stringify(metrics), JSON.stringify(body)],
        );
        if (added.length === 0) {
          throw new FootnoteError("conflict", "A document of this result was deleted meanwhile; run the evaluation again.", {
            retryable: false,
          });
        }
      }),
    resultMetrics: (tenantId, id) =>
      session.transaction(tenantId, ({ db }) =>
        db.select({ caseId: evalResults.caseId, metrics: evalResults.metrics }).from(evalResults).where(eq(evalResults.runId, id)),
      ),
    async listResults(tenantId, id, page) {
      const { limit, after } = readNumberedPage(page);
      const { caseId, ordinal, tags, documents, metrics, body } = evalResults;
      const { tag, metric, below } = page;
      const value = sql`(${metrics} -> ${metric ?? ""}::text)`;
      const rows = await session.transaction(tenantId, ({ db }) =>
        db
          .select({ caseId, ordinal, tags, documents, metrics, body })
          .from(evalResults)
          .where(
            and(
              eq(evalResults.runId, id),
              after === null ? undefined : gt(ordinal, after),
              tag === undefined ? undefined : sql`${tag} = any(${tags})`,
              metric === undefined ? undefined : sql`jsonb_typeof(${value}) = 'number'`,
              metric === undefined || below === undefined ? undefined : sql`(${value} #>> '{}')::float8 < ${below}`,
            ),
          )
          .orderBy(ordinal)
          .limit(limit + 1),
      );
      return toPage(
        rows,
        limit,
        (row) => row,
        (row) => String(row.ordinal),
      );
    },
    async finishRun(tenantId, id, { summary, documentsChanged }) {
      const finishedAt = sql`now()`;
      await session.transaction(tenantId, ({ db }) =>
        db.update(evalRuns).set({ summary, documentsChanged, finishedAt }).where(eq(evalRuns.id, id)),
      );
    },
  };
}
