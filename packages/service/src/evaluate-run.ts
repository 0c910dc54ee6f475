import { type EvaluationWork, FootnoteError, isFootnoteError, throwIfAborted } from "@footnote/core";
import {
  type CaseResult,
  datasetHash,
  type EvalCase,
  type EvalTarget,
  judgeNames,
  type Judges,
  type MetricSummary,
  parseEvalCase,
  runEvaluation,
  summaryInSteps,
} from "@footnote/evaluation";
import type { EvalBody, EvalRunRecord, Store } from "@footnote/storage";

/** Longest time of a case: it keeps a place of the worker, because what it was asked so far is lost where it is left. */
const caseTimeoutMs = 300_000;

export interface EvaluationParts {
  store: Pick<Store, "evaluations">;
  judges: Judges;
  /** A run's collection through its pipeline, in the name of whoever began it. `corpus` null: the target says what is there now. */
  targetFor(run: EvalRunRecord, corpus: string | null): Promise<EvalTarget>;
  /** Cases at once. Default 1: a run does not crowd out what people ask. */
  concurrency?: number;
}

type Metrics = Map<string, CaseResult["metrics"]>;

/** A turn of a stored run. Each result is kept as it comes, so a turn goes on where the last one ended. */
export async function evaluateRun(parts: EvaluationParts, work: EvaluationWork): Promise<"done" | "more"> {
  const { store, judges, targetFor } = parts;
  const { tenantId, runId, signal } = work;
  const run = await store.evaluations.getRun(tenantId, runId);
  if (!run) throw new FootnoteError("not_found", "The run is gone; begin a new one.", { retryable: false });
  const cases = await readCases(parts, work, run);
  const target = await targetFor(run, run.corpus);
  if (target.pipelineHash !== run.pipelineHash) throw changed(`The pipeline ${run.pipeline} was`);
  try {
    await store.evaluations.setUnder(tenantId, runId, { corpus: target.corpus, judges: judgeNames(judges) });
    const metrics = await askWaiting(parts, work, { run, cases, target });
    if (metrics.size < cases.length) return "more";
    const results = cases.map((one) => ({ case: one, metrics: metrics.get(one.id) ?? {} }));
    const summary = await summarize(results, signal);
    const { corpus } = await targetFor(run, null);
    await store.evaluations.finishRun(tenantId, runId, {
      summary: summary.map(({ metric, slice, interval }) => ({ metric, slice, ...interval })),
      documentsChanged: corpus !== target.corpus,
    });
    return "done";
  } catch (error) {
    // The failing cases are for whoever reads the job; a list of them is no document text.
    if (!isFootnoteError(error) || error.code !== "not_found") throw error;
    const message = "Something that the run is about was deleted meanwhile; begin a new one.";
    throw new FootnoteError("conflict", message, { cause: error, retryable: false });
  }
}

const changed = (what: string) =>
  new FootnoteError("conflict", `${what} changed since the run was begun; begin a new one.`, { retryable: false });

async function readCases({ store }: EvaluationParts, { tenantId }: EvaluationWork, run: EvalRunRecord): Promise<EvalCase[]> {
  const rows = await store.evaluations.cases(tenantId, run.dataset, { split: splitOf(run) });
  const cases = rows.map((row, index) => parseEvalCase(row, `Case ${index + 1} of ${run.dataset}`));
  // A cancelled run leaves its dataset free to be replaced: results over other questions would stand under the hash of the first ones.
  if (datasetHash(cases) !== run.datasetSha256) throw changed(`The questions of ${run.dataset} were`);
  return cases;
}

const splitOf = ({ split }: EvalRunRecord) => (split === "train" ? "train" : "test");

/** Asks the cases that have no result yet, until others should have a turn. The metrics of all that have one. */
async function askWaiting(
  { store, judges, concurrency = 1 }: EvaluationParts,
  { tenantId, runId, signal, progress, isOver }: EvaluationWork,
  { run, cases, target }: { run: EvalRunRecord; cases: readonly EvalCase[]; target: EvalTarget },
): Promise<Metrics> {
  const kept = await store.evaluations.resultMetrics(tenantId, runId);
  const metrics: Metrics = new Map(kept.map((result) => [result.caseId, result.metrics]));
  const waiting = cases.filter(({ id }) => !metrics.has(id));
  if (waiting.length === 0) return metrics;
  const places = new Map(cases.map(({ id }, ordinal) => [id, ordinal]));
  const watched = watchDocuments(target);
  const evaluated = await runEvaluation({
    dataset: { name: run.dataset, cases: waiting },
    split: splitOf(run),
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
  return metrics;
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
