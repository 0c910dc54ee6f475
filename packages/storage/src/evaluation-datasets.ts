import { FootnoteError, sha256 } from "@footnote/core";
import { and, desc, eq, inArray, isNull, lt, notInArray, sql } from "drizzle-orm";
import { writeAudit } from "./audit.ts";
import { readNumberedPage, toPage } from "./paging.ts";
import { collections } from "./schema/documents.ts";
import { evalCases, evalDatasets, evalRuns } from "./schema/evaluations.ts";
import { jobs } from "./schema/work.ts";
import type { Session, Transaction } from "./session.ts";
import type { DatasetRepository, EvalDatasetRecord } from "./store/evaluation-datasets.ts";

/** Of all cases, order left aside. */
export const datasetHash = (cases: readonly { sha256: string }[]): string =>
  sha256(
    cases
      .map((one) => one.sha256)
      .toSorted()
      .join("\n"),
  );

const toDataset = ({ tenantId: _tenantId, number: _number, ...dataset }: typeof evalDatasets.$inferSelect): EvalDatasetRecord => dataset;

export function createDatasetRepository(session: Session): DatasetRepository {
  return {
    putDataset: (tenantId, { name, collectionId, cases, by }) =>
      session.transaction(tenantId, async (tx) => {
        const { db } = tx;
        const [collection] = await db.select({ id: collections.id }).from(collections).where(eq(collections.id, collectionId));
        if (!collection) throw new FootnoteError("not_found", "The collection does not exist.");
        const [before] = await db.select().from(evalDatasets).where(eq(evalDatasets.name, name)).for("update");
        const hash = datasetHash(cases);
        if (before && before.sha256 !== hash) await refuseWhileRunning(tx, name);
        const content = { collectionId, sha256: hash, caseCount: cases.length };
        const [row] = await db
          .insert(evalDatasets)
          .values({ tenantId, name, ...content })
          .onConflictDoUpdate({ target: [evalDatasets.tenantId, evalDatasets.name], set: { ...content, updatedAt: sql`now()` } })
          .returning();
        if (!row) throw new FootnoteError("storage_failed", "The dataset was not stored; try again.");
        const ids = cases.map(({ id }) => id);
        await db.delete(evalCases).where(and(eq(evalCases.dataset, name), notInArray(evalCases.id, ids)));
        // Thousands of rows as one parameter.
        await tx.query(
          `insert into eval_cases (tenant_id, dataset, id, ordinal, split, documents, sha256, body)
           select $1, $2, c.id, c.ordinal, c.split, c.documents, c.sha256, c.body
           from jsonb_to_recordset($3::jsonb) as c(id text, ordinal integer, split text, documents text[], sha256 text, body jsonb)
           on conflict (tenant_id, dataset, id) do update set ordinal = excluded.ordinal, split = excluded.split, documents = excluded.documents,
             sha256 = excluded.sha256, body = excluded.body`,
          [tenantId, name, JSON.stringify(cases.map((one, ordinal) => ({ ...one, ordinal })))],
        );
        const action = before ? "eval-dataset.update" : "eval-dataset.create";
        await writeAudit(tx, tenantId, by, { action, subject: name, details: { cases: cases.length } });
        return { dataset: toDataset(row), created: before === undefined };
      }),
    async getDataset(tenantId, name) {
      const [row] = await session.transaction(tenantId, ({ db }) => db.select().from(evalDatasets).where(eq(evalDatasets.name, name)));
      return row ? toDataset(row) : null;
    },
    async listDatasets(tenantId, page) {
      const { limit, after } = readNumberedPage(page);
      const rows = await session.transaction(tenantId, ({ db }) =>
        db
          .select()
          .from(evalDatasets)
          .where(
            and(
              after === null ? undefined : lt(evalDatasets.number, after),
              page.only ? inArray(evalDatasets.collectionId, [...page.only]) : undefined,
            ),
          )
          .orderBy(desc(evalDatasets.number))
          .limit(limit + 1),
      );
      return toPage(rows, limit, toDataset, (row) => String(row.number));
    },
    deleteDataset: (tenantId, name, by) =>
      session.transaction(tenantId, async (tx) => {
        const { db } = tx;
        const [known] = await db.select({ name: evalDatasets.name }).from(evalDatasets).where(eq(evalDatasets.name, name)).for("update");
        if (!known) return false;
        await refuseWhileRunning(tx, name);
        await db.delete(evalCases).where(eq(evalCases.dataset, name));
        await db.delete(evalDatasets).where(eq(evalDatasets.name, name));
        await writeAudit(tx, tenantId, by, { action: "eval-dataset.delete", subject: name });
        return true;
      }),
    async cases(tenantId, name, { split }) {
      const rows = await session.transaction(tenantId, ({ db }) =>
        db
          .select({ body: evalCases.body })
          .from(evalCases)
          .where(and(eq(evalCases.dataset, name), eq(evalCases.split, split)))
          .orderBy(evalCases.ordinal),
      );
      return rows.map(({ body }) => body);
    },
  };
}

async function refuseWhileRunning({ db }: Transaction, dataset: string): Promise<void> {
  const running = await db
    .select({ id: evalRuns.id })
    .from(evalRuns)
    .innerJoin(jobs, and(eq(jobs.tenantId, evalRuns.tenantId), eq(jobs.id, evalRuns.jobId)))
    .where(and(eq(evalRuns.dataset, dataset), isNull(evalRuns.finishedAt), inArray(jobs.state, ["queued", "running"])))
    .limit(1);
  if (running.length > 0) {
    throw new FootnoteError("conflict", "A run over this dataset is under way; wait for it, or cancel its job.");
  }
}
