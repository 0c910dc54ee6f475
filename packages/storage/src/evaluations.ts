import { FootnoteError, newId, sha256, type ActorRef, type CollectionId, type JobId, type JobState, type RunId } from "@footnote/core";
import { writeAudit } from "./audit.ts";
import { insertJob } from "./insert-job.ts";
import { readNumberedPage, readPage, toPage } from "./paging.ts";
import { toEvaluationJob } from "./records.ts";
import type { Session, Transaction } from "./session.ts";
import type { EvalBody, EvalDatasetRecord, EvalResultRecord, EvalRunRecord, Store } from "./store.ts";

interface DatasetRow {
  name: string;
  number: string;
  collection_id: CollectionId;
  sha256: string;
  case_count: number;
  created_at: Date;
  updated_at: Date;
}
const datasetColumns = "name, number::text as number, collection_id, sha256, case_count, created_at, updated_at";
const toDataset = (row: DatasetRow): EvalDatasetRecord => ({
  name: row.name,
  collectionId: row.collection_id,
  sha256: row.sha256,
  caseCount: row.case_count,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

interface RunRow {
  id: RunId;
  dataset: string;
  dataset_sha256: string;
  collection_id: CollectionId;
  split: string;
  pipeline: string;
  pipeline_hash: string;
  actor_type: ActorRef["type"] | null;
  actor_id: string | null;
  case_count: number;
  done_count: number;
  job_id: JobId;
  state: JobState | null;
  error: { code: string; message: string } | null;
  corpus: string | null;
  judges: string[];
  documents_changed: boolean;
  summary: EvalRunRecord["summary"];
  created_at: Date;
  finished_at: Date | null;
}
const runColumns = `r.id, r.dataset, r.dataset_sha256, r.collection_id, r.split, r.pipeline, r.pipeline_hash, r.actor_type, r.actor_id, r.case_count, r.job_id, r.corpus, r.judges,
  r.documents_changed, r.summary, r.created_at, r.finished_at, j.state, j.error,
  (select count(*)::integer from eval_results e where e.tenant_id = r.tenant_id and e.run_id = r.id) as done_count`;
const runTables = "eval_runs r left join jobs j on j.tenant_id = r.tenant_id and j.id = r.job_id";
const toRun = (row: RunRow): EvalRunRecord => ({
  id: row.id,
  dataset: row.dataset,
  datasetSha256: row.dataset_sha256,
  collectionId: row.collection_id,
  split: row.split,
  pipeline: row.pipeline,
  pipelineHash: row.pipeline_hash,
  actor: row.actor_type === null || row.actor_id === null ? null : { type: row.actor_type, id: row.actor_id },
  caseCount: row.case_count,
  doneCount: row.done_count,
  jobId: row.job_id,
  state: row.finished_at === null ? (row.state ?? "failed") : "succeeded",
  error: row.error,
  corpus: row.corpus,
  judges: row.judges,
  documentsChanged: row.documents_changed,
  summary: row.summary,
  createdAt: row.created_at,
  finishedAt: row.finished_at,
});

interface ResultRow {
  case_id: string;
  ordinal: number;
  tags: string[];
  documents: string[];
  metrics: Record<string, number | null>;
  body: EvalBody;
}
const toResult = (row: ResultRow): EvalResultRecord => ({
  caseId: row.case_id,
  ordinal: row.ordinal,
  tags: row.tags,
  documents: row.documents,
  metrics: row.metrics,
  body: row.body,
});

/** Of all cases, order left aside. */
const hashOf = (cases: readonly { sha256: string }[]) =>
  sha256(
    cases
      .map((one) => one.sha256)
      .toSorted()
      .join("\n"),
  );

/** Runs of one tenant that wait or go on: more would keep its uploads waiting. */
const mostOpenRuns = 5;

export function createEvaluationRepository(session: Session): Store["evaluations"] {
  return {
    putDataset: (tenantId, { name, collectionId, cases, by }) =>
      session.transaction(tenantId, async (tx) => {
        const [collection] = await tx.query("select id from collections where id = $1", [collectionId]);
        if (!collection) throw new FootnoteError("not_found", "The collection does not exist.");
        const [before] = await tx.query<DatasetRow>(`select ${datasetColumns} from eval_datasets where name = $1 for update`, [name]);
        const hash = hashOf(cases);
        if (before && before.sha256 !== hash) await refuseWhileRunning(tx, name);
        const [row] = await tx.query<DatasetRow>(
          `insert into eval_datasets (tenant_id, name, collection_id, sha256, case_count) values ($1, $2, $3, $4, $5)
           on conflict (tenant_id, name) do update set collection_id = excluded.collection_id, sha256 = excluded.sha256, case_count = excluded.case_count, updated_at = now()
           returning ${datasetColumns}`,
          [tenantId, name, collectionId, hash, cases.length],
        );
        if (!row) throw new FootnoteError("storage_failed", "The dataset was not stored; try again.");
        await tx.query("delete from eval_cases where dataset = $1 and not id = any($2)", [name, cases.map(({ id }) => id)]);
        const rows = cases.map(({ documents, body, ...rest }, ordinal) => ({ ...rest, ordinal, documents, body }));
        await tx.query(
          `insert into eval_cases (tenant_id, dataset, id, ordinal, split, documents, sha256, body)
           select $1, $2, c.id, c.ordinal, c.split, c.documents, c.sha256, c.body
           from jsonb_to_recordset($3::jsonb) as c(id text, ordinal integer, split text, documents text[], sha256 text, body jsonb)
           on conflict (tenant_id, dataset, id) do update set ordinal = excluded.ordinal, split = excluded.split, documents = excluded.documents,
             sha256 = excluded.sha256, body = excluded.body`,
          [tenantId, name, JSON.stringify(rows)],
        );
        const action = before ? "eval-dataset.update" : "eval-dataset.create";
        await writeAudit(tx, tenantId, by, { action, subject: name, details: { cases: cases.length } });
        return { dataset: toDataset(row), created: before === undefined };
      }),
    async getDataset(tenantId, name) {
      const [row] = await session.transaction(tenantId, (tx) =>
        tx.query<DatasetRow>(`select ${datasetColumns} from eval_datasets where name = $1`, [name]),
      );
      return row ? toDataset(row) : null;
    },
    async listDatasets(tenantId, page) {
      const { limit, after } = readNumberedPage(page);
      const rows = await session.transaction(tenantId, (tx) =>
        tx.query<DatasetRow>(
          `select ${datasetColumns} from eval_datasets where ($1::bigint is null or number < $1::bigint) and ($2::text[] is null or collection_id = any($2))
           order by eval_datasets.number desc limit $3`,
          [after, page.only ?? null, limit + 1],
        ),
      );
      return toPage(rows, limit, toDataset, (row) => row.number);
    },
    deleteDataset: (tenantId, name, by) =>
      session.transaction(tenantId, async (tx) => {
        const [known] = await tx.query("select name from eval_datasets where name = $1 for update", [name]);
        if (!known) return false;
        await refuseWhileRunning(tx, name);
        await tx.query("delete from eval_cases where dataset = $1", [name]);
        await tx.query("delete from eval_datasets where name = $1", [name]);
        await writeAudit(tx, tenantId, by, { action: "eval-dataset.delete", subject: name });
        return true;
      }),
    async cases(tenantId, name, { split }) {
      const rows = await session.transaction(tenantId, (tx) =>
        tx.query<{ body: EvalBody }>("select body from eval_cases where dataset = $1 and split = $2 order by ordinal", [name, split]),
      );
      return rows.map(({ body }) => body);
    },

    createRun: (tenantId, { dataset, split, pipeline, pipelineHash, by }) =>
      session.transaction(tenantId, async (tx) => {
        const [known] = await tx.query<DatasetRow>(`select ${datasetColumns} from eval_datasets where name = $1 for share`, [dataset]);
        if (!known) throw new FootnoteError("not_found", "The dataset does not exist.");
        const cases = await tx.query<{ sha256: string }>("select sha256 from eval_cases where dataset = $1 and split = $2", [
          dataset,
          split,
        ]);
        if (cases.length === 0) {
          throw new FootnoteError("invalid_request", `The dataset has no case in the split ${split}; choose the other split.`);
        }
        // Two who begin at once are counted one after the other.
        await tx.query("select pg_advisory_xact_lock(hashtextextended('eval runs ' || $1, 0))", [tenantId]);
        const [open] = await tx.query<{ count: number }>(
          "select count(*)::integer as count from jobs where kind = 'evaluate' and state in ('queued', 'running')",
        );
        if (open && open.count >= mostOpenRuns) {
          throw new FootnoteError("conflict", `${open.count} runs are under way already; wait for one to end, or cancel its job.`);
        }
        const id = newId("run");
        const job = await insertJob(tx, {
          tenantId,
          kind: "evaluate",
          collectionId: known.collection_id,
          documentId: null,
          versionId: null,
          runId: id,
        });
        await tx.query(
          `insert into eval_runs (tenant_id, id, dataset, dataset_sha256, collection_id, split, pipeline, pipeline_hash, actor_type, actor_id, case_count, job_id)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
          [
            tenantId,
            id,
            dataset,
            hashOf(cases),
            known.collection_id,
            split,
            pipeline,
            pipelineHash,
            by.actor.type,
            by.actor.id,
            cases.length,
            job.id,
          ],
        );
        await writeAudit(tx, tenantId, by, { action: "eval-run.create", subject: id, details: { dataset, pipeline } });
        const [row] = await tx.query<RunRow>(`select ${runColumns} from ${runTables} where r.id = $1`, [id]);
        if (!row) throw new FootnoteError("storage_failed", "The run was not stored; try again.");
        return { run: toRun(row), job: toEvaluationJob(job) };
      }),
    async getRun(tenantId, id) {
      const [row] = await session.transaction(tenantId, (tx) =>
        tx.query<RunRow>(`select ${runColumns} from ${runTables} where r.id = $1`, [id]),
      );
      return row ? toRun(row) : null;
    },
    async listRuns(tenantId, page) {
      const { limit, after } = readPage(page, "run");
      const rows = await session.transaction(tenantId, (tx) =>
        tx.query<RunRow>(
          `select ${runColumns} from ${runTables} where ($1::text is null or r.id < $1) and ($2::text is null or r.dataset = $2)
             and ($3::text[] is null or r.collection_id = any($3)) order by r.id desc limit $4`,
          [after, page.dataset ?? null, page.only ?? null, limit + 1],
        ),
      );
      return toPage(rows, limit, toRun, (row) => row.id);
    },
    deleteRun: (tenantId, id, by) =>
      session.transaction(tenantId, async (tx) => {
        const [run] = await tx.query<Pick<RunRow, "state">>(`select j.state from ${runTables} where r.id = $1 for update of r`, [id]);
        if (!run) return false;
        if (run.state === "queued" || run.state === "running") {
          throw new FootnoteError("conflict", "The run is under way; wait for it, or cancel its job.");
        }
        await tx.query("delete from eval_results where run_id = $1", [id]);
        await tx.query("delete from eval_runs where id = $1", [id]);
        await writeAudit(tx, tenantId, by, { action: "eval-run.delete", subject: id });
        return true;
      }),
    async setUnder(tenantId, id, { corpus, judges }) {
      await session.transaction(tenantId, async (tx) => {
        // Results that were judged otherwise, or over other documents, do not belong to the same run.
        const [same] = await tx.query("select id from eval_runs where id = $1 and corpus is not distinct from $2 and judges = $3", [
          id,
          corpus,
          judges,
        ]);
        if (same) return;
        await tx.query("delete from eval_results where run_id = $1", [id]);
        await tx.query("update eval_runs set corpus = $2, judges = $3 where id = $1", [id, corpus, judges]);
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
    async resultMetrics(tenantId, id) {
      const rows = await session.transaction(tenantId, (tx) =>
        tx.query<Pick<ResultRow, "case_id" | "metrics">>("select case_id, metrics from eval_results where run_id = $1", [id]),
      );
      return rows.map((row) => ({ caseId: row.case_id, metrics: row.metrics }));
    },
    async listResults(tenantId, id, page) {
      const { limit, after } = readNumberedPage(page);
      const rows = await session.transaction(tenantId, (tx) =>
        tx.query<ResultRow>(
          `select case_id, ordinal, tags, documents, metrics, body from eval_results
           where run_id = $1 and ($2::bigint is null or ordinal > $2::bigint) and ($3::text is null or $3 = any(tags))
             and ($4::text is null or jsonb_typeof(metrics -> $4) = 'number')
             and ($5::float8 is null or (metrics ->> $4)::float8 < $5)
           order by ordinal limit $6`,
          [id, after, page.tag ?? null, page.metric ?? null, page.metric === undefined ? null : (page.below ?? null), limit + 1],
        ),
      );
      return toPage(rows, limit, toResult, (row) => String(row.ordinal));
    },
    async finishRun(tenantId, id, { summary, documentsChanged }) {
      await session.transaction(tenantId, (tx) =>
        tx.query("update eval_runs set summary = $2::jsonb, documents_changed = $3, finished_at = now() where id = $1", [
          id,
          JSON.stringify(summary),
          documentsChanged,
        ]),
      );
    },
  };
}

async function refuseWhileRunning(tx: Transaction, dataset: string): Promise<void> {
  const running = await tx.query(
    `select 1 from ${runTables} where r.dataset = $1 and r.finished_at is null and j.state in ('queued', 'running') limit 1`,
    [dataset],
  );
  if (running.length > 0) {
    throw new FootnoteError("conflict", "A run over this dataset is under way; wait for it, or cancel its job.");
  }
}

/** Removes cases that quote a document and masks what results show of it. */
export async function redactEvaluations(
  tx: Transaction,
  { collectionId, externalId }: { collectionId: string; externalId: string },
): Promise<{ evalCases: number; evalResultsRedacted: number }> {
  const removed = await tx.query<{ dataset: string }>(
    `delete from eval_cases c using eval_datasets d
     where d.tenant_id = c.tenant_id and d.name = c.dataset and d.collection_id = $1 and $2 = any(c.documents) returning c.dataset`,
    [collectionId, externalId],
  );
  for (const name of new Set(removed.map(({ dataset }) => dataset))) {
    const left = await tx.query<{ sha256: string }>("select sha256 from eval_cases where dataset = $1", [name]);
    await tx.query("update eval_datasets set sha256 = $2, case_count = $3, updated_at = now() where name = $1", [
      name,
      hashOf(left),
      left.length,
    ]);
  }
  const results = await tx.query<{ run_id: string; case_id: string; body: EvalBody }>(
    `select e.run_id, e.case_id, e.body from eval_results e join eval_runs r on r.tenant_id = e.tenant_id and r.id = e.run_id
     where r.collection_id = $1 and $2 = any(e.documents) order by e.run_id, e.case_id for update of e`,
    [collectionId, externalId],
  );
  for (const { run_id, case_id, body } of results) {
    await tx.query("update eval_results set body = $3::jsonb, documents = array_remove(documents, $4) where run_id = $1 and case_id = $2", [
      run_id,
      case_id,
      JSON.stringify(redactResult(body, externalId)),
      externalId,
    ]);
  }
  return { evalCases: removed.length, evalResultsRedacted: results.length };
}

const mask = "█";
const blank = (text: string) => text.replace(/[^\s]/g, mask);

interface Shown {
  document: string;
  text: string;
}

/**
 * A result without the words of a document: its contexts, quotes and cited sentences become blocks of equal length, so that every other span
 * stays where it was. The answer's whole text and the reference answer go with the first of them.
 */
export function redactResult(body: EvalBody, document: string): EvalBody {
  const hide = <T extends Shown>(shown: T): T => (shown.document === document ? { ...shown, text: blank(shown.text) } : shown);
  const { answer, case: asked } = body;
  // What a model writes without a citation may come from any of its contexts.
  const isShown = answer.contexts.some((context) => context.document === document);
  const isCited = ({ citations }: { citations: readonly Shown[] }) => citations.some((citation) => citation.document === document);
  const expects = asked.spans.some((span) => span.document === document);
  return {
    ...body,
    case: {
      ...asked,
      ...(expects && asked.referenceAnswer !== undefined ? { referenceAnswer: blank(asked.referenceAnswer) } : {}),
      spans: asked.spans.map((span) => (span.document === document ? { ...span, quote: blank(span.quote) } : span)),
    },
    answer: {
      ...answer,
      text: isShown || answer.sentences.some(isCited) ? blank(answer.text) : answer.text,
      sentences: answer.sentences.map((sentence) => {
        const isHidden = isCited(sentence) || (isShown && sentence.citations.length === 0);
        return { ...sentence, text: isHidden ? blank(sentence.text) : sentence.text, citations: sentence.citations.map(hide) };
      }),
      contexts: answer.contexts.map(hide),
      ranking: answer.ranking.map(hide),
    },
  };
}
