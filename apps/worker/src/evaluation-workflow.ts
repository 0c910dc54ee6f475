import { FootnoteError, isFootnoteError, type KeyId, throwIfAborted } from "@footnote/core";
import type { CollectionId, EvaluationWork, TenantId } from "@footnote/core";
import {
  type CaseResult,
  datasetHash,
  type EvalTarget,
  judgeNames,
  type Judges,
  type MetricSummary,
  parseEvalCase,
  runEvaluation,
  summaryInSteps,
} from "@footnote/evaluation";
import type { EvalBody, Store } from "@footnote/storage";

/** Longest time of a case: it keeps a place of the worker, because what it was asked so far is lost where it is left. */
const caseTimeoutMs = 300_000;

interface TargetRequest {
  tenantId: TenantId;
  /** Asked on behalf of this key: it throws `unauthorized` once the key is revoked or has expired. */
  keyId: KeyId;
  collectionId: CollectionId;
  pipeline: string;
  /** What an earlier turn of the run saw; null: the target says what is there now. */
  corpus: string | null;
  signal: AbortSignal;
}

export interface EvaluationDependencies {
  judges: Judges;
  /** A collection through a pipeline, as its tenant. Closed when a turn ends. */
  targetFor(request: TargetRequest): Promise<{ target: EvalTarget; close(): void }>;
  /** Cases at once. Default 1: a run does not crowd out what people ask. */
  concurrency?: number;
}

/** Asks the questions of stored runs. Each result is kept as it comes, so a turn goes on where the last one ended. */
export function createEvaluationWorkflow(
  deps: EvaluationDependencies & { store: Store },
): (work: EvaluationWork) => Promise<"done" | "more"> {
  const { store, judges, targetFor, concurrency = 1 } = deps;

  async function corpusNow(request: TargetRequest): Promise<string | null> {
    const { target, close } = await targetFor({ ...request, corpus: null });
    close();
    return target.corpus;
  }

  return async ({ tenantId, runId, signal, progress, isOver }) => {
    const run = await store.evaluations.getRun(tenantId, runId);
    if (!run) throw new FootnoteError("not_found", "The run is gone; begin a new one.", { retryable: false });
    const { collectionId, pipeline, keyId } = run;
    if (keyId === null) {
      throw new FootnoteError("conflict", "The run does not say whose key it was begun with; begin a new one.", { retryable: false });
    }
    const split = run.split === "train" ? "train" : "test";
    const rows = await store.evaluations.cases(tenantId, run.dataset, { split });
    const cases = rows.map((row, index) => parseEvalCase(row, `Case ${index + 1} of ${run.dataset}`));
    // A cancelled run leaves its dataset free to be replaced: results over other questions would stand under the hash of the first ones.
    if (datasetHash(cases) !== run.datasetSha256) {
      throw new FootnoteError("conflict", `The questions of ${run.dataset} were changed since the run was begun; begin a new one.`, {
        retryable: false,
      });
    }
    const request: TargetRequest = { tenantId, keyId, collectionId, pipeline, corpus: run.corpus, signal };
    const { target, close } = await targetFor(request);
    try {
      if (target.pipelineHash !== run.pipelineHash) {
        throw new FootnoteError("conflict", `The pipeline ${pipeline} was changed since the run was begun; begin a new one.`, {
          retryable: false,
        });
      }
      await store.evaluations.setUnder(tenantId, runId, { corpus: target.corpus, judges: judgeNames(judges) });
      const kept = await store.evaluations.resultMetrics(tenantId, runId);
      const metrics = new Map(kept.map((result) => [result.caseId, result.metrics]));
      const waiting = cases.filter(({ id }) => !metrics.has(id));
      if (waiting.length > 0) {
        const places = new Map(cases.map(({ id }, ordinal) => [id, ordinal]));
        const watched = watchDocuments(target);
        const evaluated = await runEvaluation({
          dataset: { name: run.dataset, cases: waiting },
          split,
          target: watched.target,
          judges,
          commit: null,
          concurrency,
          isOver,
          caseTimeoutMs,
          signal,
          record: {
            open: async (header) => ({ header, finished: [] }),
            async add(result) {
              const { case: asked, answer, gold = [], judging } = result;
              const body: StoredBody = { case: asked, answer, gold, ...(judging ? { judging } : {}) };
              const shown = { caseId: asked.id, ordinal: places.get(asked.id) ?? 0, tags: asked.tags, documentIds: watched.idsOf(answer) };
              await store.evaluations.addResult(tenantId, runId, { ...shown, metrics: result.metrics, body });
            },
            close: async () => {},
          },
          onResult: (_result, { done }) => void progress((kept.length + done) / cases.length).catch(() => undefined),
        });
        for (const result of evaluated.results) metrics.set(result.case.id, result.metrics);
      }
      if (metrics.size < cases.length) return "more";
      const results = cases.map((one) => ({ case: one, metrics: metrics.get(one.id) ?? {} }));
      const summary = await summarize(results, signal);
      const documentsChanged = (await corpusNow(request)) !== target.corpus;
      await store.evaluations.finishRun(tenantId, runId, {
        summary: summary.map(({ metric, slice, interval }) => ({ metric, slice, ...interval })),
        documentsChanged,
      });
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
async function summarize(results: Parameters<typeof summaryInSteps>[0]["results"], signal: AbortSignal): Promise<MetricSummary[]> {
  const steps = summaryInSteps({ results });
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await new Promise((resolve) => setImmediate(resolve));
    throwIfAborted(signal);
  }
}

type StoredBody = Omit<CaseResult, "metrics"> & EvalBody;

/** Keeps which documents stood behind external ids when they were read: one that is erased and put again has the name of the first. */
function watchDocuments(target: EvalTarget): { target: EvalTarget; idsOf(answer: CaseResult["answer"]): string[] } {
  const read = new Map<string, Set<string>>();
  return {
    target: {
      ...target,
      async readVersion(source) {
        const version = await target.readVersion(source);
        read.set(version.externalId, (read.get(version.externalId) ?? new Set()).add(source.documentId));
        return version;
      },
    },
    idsOf({ sentences, contexts, ranking }) {
      const cited = sentences.flatMap(({ citations }) => citations);
      const names = new Set([...cited, ...contexts, ...ranking].map(({ document }) => document));
      return [...names].flatMap((name) => [...(read.get(name) ?? [])]);
    },
  };
}
