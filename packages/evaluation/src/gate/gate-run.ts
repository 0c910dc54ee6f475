import type { FinishReason } from "@footnote/core";
import type { CaseResult, MetricValues, RunContext } from "../metrics/case-result.ts";
import type { EvalRun } from "../runs/eval-run.ts";

/** A case's result as far as a comparison needs it: its metrics, and enough of the answer to show it beside another. */
export interface GateCase {
  id: string;
  question: string;
  answerable: boolean;
  tags: string[];
  metrics: MetricValues;
  text: string;
  /** Null: it was searched and not answered. */
  finishReason: FinishReason | null;
  /** What was cited, with its text. */
  citations: RunContext[];
  /** Where the sources given to the model stand, best first. */
  contexts: Omit<RunContext, "text">[];
  milliseconds: number;
  usd: number;
}

/** How the machine was while a run went on; with it, times of two machines can be held against each other. */
export interface MachineState {
  /** Median milliseconds of a fixed piece of arithmetic, measured again and again during the run. */
  calibrationMs: number;
  /** Processor time of the program for one case: asking, searching and judging. */
  cpuMs: number;
  /** Processes that wanted to run, for each core. Above 1 somebody waited. */
  loadPerCore: number;
}

/** A run without what can be looked up again: what a baseline keeps. */
export interface GateRun {
  dataset: EvalRun["dataset"];
  pipeline: string;
  pipelineHash: string;
  corpus: string | null;
  judges: string[];
  commit: string | null;
  createdAt: string;
  /** Null where nobody measured. */
  machine: MachineState | null;
  cases: GateCase[];
}

/** Metrics are rounded to six digits: more is noise in a diff of the baseline. */
export function toGateRun(run: EvalRun, machine: MachineState | null = null): GateRun {
  const { dataset, pipeline, pipelineHash, corpus = null, judges, commit, createdAt, results } = run;
  return {
    dataset,
    pipeline,
    pipelineHash,
    corpus,
    judges,
    commit,
    createdAt,
    machine,
    cases: results.map(toGateCase),
  };
}

function toGateCase({ case: { id, question, answerable, tags }, answer, metrics }: CaseResult): GateCase {
  return {
    id,
    question,
    answerable,
    tags,
    metrics: Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value === null ? null : rounded(value)])),
    text: answer.text,
    finishReason: answer.finishReason,
    citations: answer.sentences.flatMap(({ citations }) =>
      citations.map(({ document, start, end, text }) => ({ document, start, end, text })),
    ),
    contexts: answer.contexts.map(({ document, start, end }) => ({ document, start, end })),
    milliseconds: Math.round(answer.milliseconds * 10) / 10,
    usd: answer.usd,
  };
}

const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;

/** Names of slices: `all`, then each tag that any case carries, in alphabetical order. */
export function slicesOf(cases: readonly Pick<GateCase, "tags">[]): string[] {
  return ["all", ...[...new Set(cases.flatMap(({ tags }) => tags))].toSorted()];
}

export function isInSlice({ tags }: Pick<GateCase, "tags">, slice: string): boolean {
  return slice === "all" || tags.includes(slice);
}

/** Mean of a metric over the cases of a slice that have it; null without any. */
export function meanMetric(cases: readonly GateCase[], metric: string, slice = "all"): number | null {
  const values = cases.filter((one) => isInSlice(one, slice)).flatMap(({ metrics }) => metrics[metric] ?? []);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
