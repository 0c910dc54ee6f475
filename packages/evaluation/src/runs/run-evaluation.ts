import {
  canonicalJson,
  createSystemClock,
  FootnoteError,
  fullJitterMs,
  newId,
  type Result,
  sha256,
  throwIfAborted,
  toFootnoteError,
  withDeadline,
  withRetries,
} from "@footnote/core";
import { caseHash, datasetHash } from "../datasets/eval-dataset.ts";
import { judgeNames, type Judges, scoreCase } from "../metrics/score-case.ts";
import type { EvalCase, Split } from "../datasets/eval-case.ts";
import type { CaseResult } from "../metrics/case-result.ts";
import type { EvalRun } from "./eval-run.ts";
import type { EvalTarget } from "./eval-target.ts";
import { locateGold } from "./locate-gold.ts";
import { readAnswer } from "./read-answer.ts";

/** A run without its results. */
export type RunHeader = Omit<EvalRun, "results">;

/** Keeps the results of a run while it goes on, so that one that was killed can go on where it stood. */
export interface RunRecord {
  /** What is known of a run with these properties: its id and time when it was begun before, and its finished cases. */
  open(header: RunHeader): Promise<{ header: RunHeader; finished: readonly CaseResult[] }>;
  add(result: CaseResult): Promise<void>;
  /** Every case has its result. */
  close(): Promise<void>;
}

/** Results of earlier runs, by a key of everything that decides about one. */
export interface ResultCache {
  get(key: string): Promise<CaseResult | null>;
  put(key: string, result: CaseResult): Promise<void>;
}

export interface EvaluationOptions {
  dataset: { name: string; cases: readonly EvalCase[] };
  /** Only cases of this split are asked. */
  split: Split;
  target: EvalTarget;
  judges: Judges;
  /** Commit of the code that answers; null where it is not known or the tree is changed: then no cache is used. */
  commit: string | null;
  /** Only the first so many cases of the split. Default all. */
  limit?: number;
  /** Cases at once. Default 2. With more than one, times hold the waiting of one for the other. */
  concurrency?: number;
  /** Length of the ranking that is asked for beside the answer. Default 20. */
  depth?: number;
  record?: RunRecord;
  cache?: ResultCache;
  /**
   * Asked before each case but the first: true ends this try. The run then comes back with the results there are, its record open, and the
   * same call goes on. Default: never.
   */
  isOver?: () => boolean;
  /** Longest time of a case with all its turns and tries, in milliseconds. One that takes longer fails with `timeout`. Default: no limit. */
  caseTimeoutMs?: number;
  onResult?: (result: CaseResult, progress: { done: number; total: number }) => void;
  /** Milliseconds. Default the system's. */
  now?: () => number;
  signal?: AbortSignal;
}

/** Tries of a case whose error may be gone at the next one. */
const tries = 3;
/** Failed cases after which no further one is begun: then it is the target that is broken. */
const mostFailures = 5;

/**
 * Asks every case of a split, scores the answers and keeps each result as it comes. A case that fails does not end the run: the others are
 * finished and kept, then the first error is thrown with the number of failures, and the same call goes on with what is missing.
 */
export async function runEvaluation(options: EvaluationOptions): Promise<EvalRun> {
  const { dataset, split, target, judges, commit, limit, concurrency = 2, record, onResult } = options;
  const now = options.now ?? Date.now;
  const cases = dataset.cases.filter((one) => one.split === split).slice(0, limit);
  if (cases.length === 0) {
    throw new FootnoteError("invalid_request", `${dataset.name} has no case in the split ${split}; choose another split.`);
  }
  const fresh: RunHeader = {
    id: newId("run"),
    dataset: { name: dataset.name, sha256: datasetHash(cases), split },
    pipeline: target.pipeline,
    pipelineHash: target.pipelineHash,
    corpus: target.corpus,
    judges: judgeNames(judges),
    commit,
    createdAt: new Date(now()).toISOString(),
  };
  const { header, finished } = record ? await record.open(fresh) : { header: fresh, finished: [] };
  const results = stillValid(cases, finished);
  // The first error of a worker ends the others, too.
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const evaluate = createCaseEvaluation({ options, header, now, signal });

  let done = results.size;
  const waiting = cases.filter(({ id }) => !results.has(id));
  const failures: { id: string; error: FootnoteError }[] = [];
  async function work(): Promise<void> {
    for (let first = true; failures.length < mostFailures; first = false) {
      if (!first && options.isOver?.()) return;
      const one = waiting.shift();
      if (one === undefined) return;
      throwIfAborted(signal);
      const { id } = one;
      const outcome = await outcomeOf(options, signal, (caseSignal) => evaluate(one, caseSignal));
      throwIfAborted(signal);
      if (!outcome.ok) {
        failures.push({ id, error: outcome.error });
        continue;
      }
      results.set(id, outcome.value);
      await record?.add(outcome.value);
      done += 1;
      onResult?.(outcome.value, { done, total: cases.length });
    }
  }
  const begun = Array.from({ length: Math.max(1, concurrency) }, () => work().catch((error: unknown) => stop.abort(error)));
  await Promise.all(begun);
  if (stop.signal.aborted) throw stop.signal.reason;
  throwFirst(failures, cases.length);
  if (results.size === cases.length) await record?.close();
  return { ...header, results: cases.flatMap(({ id }) => results.get(id) ?? []) };
}

/** The finished results whose case is still the same, by its id. */
function stillValid(cases: readonly EvalCase[], finished: readonly CaseResult[]): Map<string, CaseResult> {
  const hashes = new Map(cases.map((one) => [one.id, caseHash(one)]));
  const valid = finished.filter((result) => hashes.get(result.case.id) === caseHash(result.case));
  return new Map(valid.map((result) => [result.case.id, result]));
}

/** Asks and scores one case, or takes its result from the cache. */
function createCaseEvaluation(run: { options: EvaluationOptions; header: RunHeader; now: () => number; signal: AbortSignal }) {
  const { options, header, now } = run;
  const { target, judges, commit, cache, depth = 20 } = options;
  const usable = cache !== undefined && target.corpus !== null && commit !== null ? cache : null;
  const texts = createTextReader(target, run.signal);
  return async (one: EvalCase, signal: AbortSignal): Promise<CaseResult> => {
    const key = usable ? resultKey({ header, depth, hash: caseHash(one) }) : "";
    const known = await usable?.get(key);
    if (known) return { ...known, case: one };
    const gold = await locateGold(one, texts.document);
    const request = { question: one.question, history: one.history ?? [], signal };
    const began = now();
    const answer = await target.ask(request);
    const milliseconds = now() - began;
    const { hits } = await target.search({ ...request, limit: depth });
    const read = await readAnswer({ answer, ranking: hits, milliseconds, readVersion: texts.version });
    const scored = await scoreCase({ case: one, answer: read, gold, judges, signal });
    const result = { case: one, answer: read, ...scored, gold };
    await usable?.put(key, result);
    return result;
  };
}

function throwFirst(failures: readonly { id: string; error: FootnoteError }[], total: number): void {
  const [first] = failures;
  if (first === undefined) return;
  const { code, message, retryable } = first.error;
  throw new FootnoteError(code, `${failures.length} of ${total} cases failed, ${first.id} with: ${message}`, {
    cause: first.error,
    retryable,
    details: { cases: failures.map(({ id }) => id) },
  });
}

/** Everything that decides about a result: code, pipeline, documents, case, judges and depth. */
function resultKey({ header, depth, hash }: { header: RunHeader; depth: number; hash: string }): string {
  const { pipelineHash, corpus, judges, commit } = header;
  return sha256(canonicalJson({ format: 1, pipelineHash, corpus: corpus ?? null, judges, commit, depth, case: hash }));
}

/** What a case came to: its work is repeated while its error may pass, and given up when its time is over. */
async function outcomeOf(
  { caseTimeoutMs }: Pick<EvaluationOptions, "caseTimeoutMs">,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<CaseResult>,
): Promise<Result<CaseResult>> {
  const delayMs = (error: unknown, failed: number) => (toFootnoteError(error).retryable ? fullJitterMs(failed, { baseMs: 400 }) : null);
  const repeated = (signal: AbortSignal) => withRetries({ tries, delayMs, signal }, () => work(signal));
  try {
    if (caseTimeoutMs === undefined) return { ok: true, value: await repeated(signal) };
    const message = `The case took longer than ${caseTimeoutMs / 1000} s; shorten its conversation, or choose a faster pipeline.`;
    const onTimeout = () => new FootnoteError("timeout", message, { retryable: false });
    return { ok: true, value: await withDeadline({ timeoutMs: caseTimeoutMs, clock: createSystemClock(), onTimeout, signal }, repeated) };
  } catch (error) {
    return { ok: false, error: toFootnoteError(error) };
  }
}

/** Texts of the target's documents, each read once. A read that failed is tried again by the next who asks. */
function createTextReader(target: EvalTarget, signal: AbortSignal) {
  return {
    document: once(
      (externalId: string) => target.readDocument({ externalId, signal }),
      (externalId) => externalId,
    ),
    version: once(
      (source: { documentId: string; versionId: string }) => target.readVersion({ ...source, signal }),
      ({ documentId, versionId }) => `${documentId} ${versionId}`,
    ),
  };
}

function once<A, T>(read: (argument: A) => Promise<T>, keyOf: (argument: A) => string): (argument: A) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (argument) => {
    const key = keyOf(argument);
    const waiting = known.get(key);
    if (waiting) return waiting;
    const made = read(argument);
    known.set(key, made);
    made.catch(() => known.delete(key));
    return made;
  };
}
