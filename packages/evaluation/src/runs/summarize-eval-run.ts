import { metricNames } from "../metrics/score-case.ts";
import { bootstrapMean, type Interval } from "../statistics/bootstrap.ts";
import type { EvalCase } from "../datasets/eval-case.ts";
import type { CaseResult } from "../metrics/case-result.ts";
import type { EvalRun } from "./eval-run.ts";
import { alignColumns } from "./align-columns.ts";

/** One metric over one slice of the questions; questions to which it does not apply are left out. */
export interface MetricSummary {
  metric: string;
  slice: string;
  interval: Interval;
}

/** What a summary needs of a result. */
type Scored = Pick<CaseResult, "case" | "metrics">;

/** Slices of a result: `all`, each of its tags, and its language where that is not English. */
export function slicesOf({ case: { tags, language = "en" } }: { case: Pick<EvalCase, "tags" | "language"> }): string[] {
  // One set: a case that is tagged "all" is still one case of it.
  return [...new Set(["all", ...tags, ...(language === "en" ? [] : [`language:${language}`])])];
}

/** Mean and 95 % bootstrap interval of each metric in each slice: `all` first, then the slices by name. A metric without any value is left out. */
export function summarizeEvalRun(run: Pick<EvalRun, "results">): MetricSummary[] {
  const steps = summaryInSteps(run);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** The same, paused after each interval: a large run keeps a thread for seconds otherwise. */
export function* summaryInSteps({ results }: { results: readonly Scored[] }): Generator<void, MetricSummary[], void> {
  const slices = new Map<string, Scored[]>([["all", []]]);
  for (const result of results) {
    for (const slice of slicesOf(result)) {
      const members = slices.get(slice) ?? [];
      members.push(result);
      slices.set(slice, members);
    }
  }
  const names = [...slices.keys()].toSorted((a, b) => Number(b === "all") - Number(a === "all") || (a < b ? -1 : 1));
  const known: readonly string[] = metricNames;
  const extra = [...new Set(results.flatMap(({ metrics }) => Object.keys(metrics)))].filter((metric) => !known.includes(metric)).toSorted();
  const summary: MetricSummary[] = [];
  for (const slice of names) {
    for (const metric of [...known, ...extra]) {
      const values = (slices.get(slice) ?? []).flatMap(({ metrics }) => metrics[metric] ?? []);
      if (values.length === 0) continue;
      summary.push({ metric, slice, interval: bootstrapMean(values) });
      yield;
    }
  }
  return summary;
}

/** One row a metric and slice, for people. */
export function formatSummary(summary: readonly MetricSummary[]): string {
  const rows = summary.map(({ metric, slice, interval: { mean, low, high, count } }) => [
    slice,
    metric,
    mean.toFixed(3),
    `[${low.toFixed(3)}, ${high.toFixed(3)}]`,
    String(count),
  ]);
  return alignColumns([["slice", "metric", "mean", "95 %", "n"], ...rows]).join("\n");
}

/** The table of a run, under its name and over what it took. */
export function formatEvalRun(run: EvalRun): string {
  const title = `${run.dataset.name} (${run.dataset.split}), ${run.results.length} questions, pipeline ${run.pipeline}`;
  return [title, formatSummary(summarizeEvalRun(run)), formatTaken(run)].join("\n");
}

function formatTaken({ results, judges, extraJudges = [] }: EvalRun): string {
  const sorted = results.map(({ answer }) => answer.milliseconds).toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  const usd = results.reduce((sum, { answer, judging }) => sum + answer.usd + (judging?.usd ?? 0), 0);
  const degraded = results.filter(({ answer }) => answer.degraded.length > 0).length;
  return `answers: median ${at(0.5).toFixed(0)} ms, p95 ${at(0.95).toFixed(0)} ms; USD ${usd.toFixed(4)}; ${degraded} degraded; judged by ${[...judges, ...extraJudges].join(", ")}`;
}
