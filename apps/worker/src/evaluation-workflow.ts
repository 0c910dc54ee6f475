import { FootnoteError, isFootnoteError, throwIfAborted } from "@footnote/core";
import type { CollectionId, TenantId } from "@footnote/core";
import {
  type CaseResult,
  datasetHash,
  type EvalRun,
  type EvalTarget,
  type Judges,
  type MetricSummary,
  parseEvalCase,
  runEvaluation,
  summaryInSteps,
} from "@footnote/evaluation";
import type { EvaluationWork } from "@footnote/jobs";
import type { EvalBody, EvalResultRecord, Store } from "@footnote/storage";

export interface EvaluationDependencies {
  judges: Judges;
  /** A collection through a pipeline, as its tenant; `corpus` is what an earlier try of the run saw. Closed when a try ends. */
  targetFor(request: {
    tenantId: TenantId;
    collectionId: CollectionId;
    pipeline: string;
    corpus: string | null;
    signal: AbortSignal;
  }): Promise<{ target: EvalTarget; close(): void }>;
  /** Cases at once. Default 1: a run does not crowd out what people ask. */
  concurrency?: number;
}

/** Asks the questions of stored runs. Each result is kept as it comes, so a try goes on where the last one ended. */
export function createEvaluationWorkflow(
  deps: EvaluationDependencies & { store: Store },
): (work: EvaluationWork) => Promise<"done" | "more"> {
  const { store, judges, targetFor, concurrency = 1 } = deps;
  return async ({ tenantId, runId, signal, progress, isOver }) => {
    const run = await store.evaluations.getRun(tenantId, runId);
    if (!run) throw new FootnoteError("not_found", "The run is gone; begin a new one.", { retryable: false });
    const split = run.split === "train" ? "train" : "test";
    const rows = await store.evaluations.cases(tenantId, run.dataset, { split });
    const cases = rows.map((row, index) => parseEvalCase(row, `Case ${index + 1} of ${run.dataset}`));
    // A cancelled run leaves its dataset free to be replaced: results over other questions would stand under the hash of the first ones.
    if (datasetHash(cases) !== run.datasetSha256) {
      throw new FootnoteError("conflict", `The questions of ${run.dataset} were changed since the run was begun; begin a new one.`, {
        retryable: false,
      });
    }
    const { collectionId, pipeline } = run;
    const { target, close } = await targetFor({ tenantId, collectionId, pipeline, corpus: run.corpus, signal });
    try {
      if (target.pipelineHash !== run.pipelineHash) {
        throw new FootnoteError("conflict", `The pipeline ${pipeline} was changed since the run was begun; begin a new one.`, {
          retryable: false,
        });
      }
      const places = new Map(cases.map(({ id }, ordinal) => [id, ordinal]));
      const evaluated = await runEvaluation({
        dataset: { name: run.dataset, cases },
        split,
        target,
        judges,
        commit: null,
        concurrency,
        isOver,
        signal,
        record: {
          async open(header) {
            await store.evaluations.setUnder(tenantId, runId, { corpus: header.corpus ?? null, judges: header.judges });
            const kept = await store.evaluations.results(tenantId, runId);
            return { header: { ...header, id: runId }, finished: kept.map(fromRecord) };
          },
          async add(result) {
            await store.evaluations.addResult(tenantId, runId, toRecord(result, places.get(result.case.id) ?? 0));
          },
          close: async () => {},
        },
        onResult: (_result, { done, total }) => void progress(done / total).catch(() => undefined),
      });
      if (evaluated.results.length < cases.length) return "more";
      const summary = await summarize(evaluated, signal);
      await store.evaluations.finishRun(
        tenantId,
        runId,
        summary.map(({ metric, slice, interval }) => ({ metric, slice, ...interval })),
      );
      return "done";
    } catch (error) {
      // The failing cases are for whoever reads the job; a list of them is no document text.
      if (isFootnoteError(error) && error.code === "not_found") {
        throw new FootnoteError("conflict", "Something that the run is about was deleted meanwhile; begin a new one.", {
          cause: error,
          retryable: false,
        });
      }
      throw error;
    } finally {
      close();
    }
  };
}

/** Thousands of questions in many slices take seconds: requests and heartbeats get their turn in between. */
async function summarize(run: EvalRun, signal: AbortSignal): Promise<MetricSummary[]> {
  const steps = summaryInSteps(run);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await new Promise((resolve) => setImmediate(resolve));
    throwIfAborted(signal);
  }
}

function toRecord({ case: asked, answer, metrics, gold = [], judging }: CaseResult, ordinal: number): EvalResultRecord {
  const cited = answer.sentences.flatMap(({ citations }) => citations);
  const documents = new Set([...cited, ...answer.contexts, ...answer.ranking, ...gold].map(({ document }) => document));
  const body: StoredResult = { case: asked, answer, gold, ...(judging ? { judging } : {}) };
  return { caseId: asked.id, ordinal, tags: asked.tags, documents: [...documents], metrics, body };
}

type StoredResult = Omit<CaseResult, "metrics"> & EvalBody;

/** What `toRecord` stored: the row was written by this file alone. */
function fromRecord({ body, metrics }: EvalResultRecord): CaseResult {
  if (!isStoredResult(body))
    throw new FootnoteError("storage_failed", "A stored result has another form than this version knows; begin a new run.");
  const { case: asked, answer, gold, judging } = body;
  return { case: asked, answer, metrics, ...(gold ? { gold } : {}), ...(judging ? { judging } : {}) };
}

function isStoredResult(body: EvalBody): body is StoredResult {
  return "gold" in body && "finishReason" in body.answer && "tags" in body.case;
}
