import { bootstrapMean, mean } from "../statistics/bootstrap.ts";
import { testPairedFamily } from "../statistics/paired-tests.ts";
import type { GateSettings } from "./gate-settings.ts";
import { type GateCase, isInSlice, type GateRun, slicesOf } from "./gate-run.ts";

/** Two runs of one pipeline over equal cases. */
export interface RunPair {
  candidate: GateRun;
  baseline: GateRun;
}

/** What became of one metric in one slice under one pipeline. */
export interface Comparison {
  dataset: string;
  pipeline: string;
  metric: string;
  slice: string;
  /** Cases with a value in both runs. */
  count: number;
  /** Those whose value changed. */
  changed: number;
  before: number;
  after: number;
  /** `after − before` with its 95 % interval: percentile bootstrap over cases, of this metric and slice alone. */
  difference: { mean: number; low: number; high: number };
  p: number;
  /** Over every pipeline, metric and slice that is tested. */
  adjustedP: number;
  /** False where the slice is too small to be tested. */
  tested: boolean;
  regressed: boolean;
}

interface Hypothesis {
  dataset: string;
  pipeline: string;
  metric: string;
  slice: string;
  before: number[];
  after: number[];
  /** One value for each distinct question of the pairs, null outside of the slice. */
  differences: (number | null)[];
}

/** The family: every metric in every slice of every pair, over the questions of all pairs. */
export function hypothesesOf(pairs: readonly RunPair[], metrics: readonly string[]): Hypothesis[] {
  // A question that several pipelines answered is one case: its differences are dependent.
  const order = new Map<string, number>();
  const keyOf = (dataset: string, id: string) => `${dataset}\0${id}`;
  for (const { candidate } of pairs) {
    for (const { id } of candidate.cases) {
      const key = keyOf(candidate.dataset.name, id);
      if (!order.has(key)) order.set(key, order.size);
    }
  }
  return pairs.flatMap(({ candidate, baseline }) => {
    const dataset = candidate.dataset.name;
    const known = new Map(baseline.cases.map((one) => [one.id, one]));
    const rows = candidate.cases.flatMap((after) => {
      const before = known.get(after.id);
      return before ? [{ at: order.get(keyOf(dataset, after.id)) ?? 0, before, after }] : [];
    });
    return slicesOf(candidate.cases).flatMap((slice) =>
      metrics.flatMap((metric) => {
        const hypothesis: Hypothesis = {
          dataset,
          pipeline: candidate.pipeline,
          metric,
          slice,
          before: [],
          after: [],
          differences: Array.from({ length: order.size }, () => null),
        };
        for (const { at, before, after } of rows) {
          if (!isInSlice(after, slice)) continue;
          const values = pairedValues(before, after, metric);
          if (!values) continue;
          hypothesis.before.push(values.before);
          hypothesis.after.push(values.after);
          hypothesis.differences[at] = values.after - values.before;
        }
        return hypothesis.before.length === 0 ? [] : [hypothesis];
      }),
    );
  });
}

/**
 * Null unless both sides have a value: an answer that abstains has no citation to be precise. That a pipeline stops answering is seen by
 * abstention, relevance and citation recall, which always have a value for a question that can be answered.
 */
function pairedValues(before: GateCase, after: GateCase, metric: string): { before: number; after: number } | null {
  const left = before.metrics[metric] ?? null;
  const right = after.metrics[metric] ?? null;
  return left === null || right === null ? null : { before: left, after: right };
}

/** Tests the whole family at once; a regression is an adjusted p of at most α with an interval below 0. */
export function compareRuns(
  pairs: readonly RunPair[],
  settings: Pick<GateSettings, "familyWiseAlpha" | "resamples" | "minimumCases" | "metrics">,
  options: { seed?: number; /** Default true. False saves time where only alarms are counted. */ intervals?: boolean } = {},
): Comparison[] {
  const { seed = 1, intervals = true } = options;
  const { familyWiseAlpha, resamples, minimumCases, metrics } = settings;
  const hypotheses = hypothesesOf(pairs, metrics);
  const isTested = ({ slice, before }: Hypothesis) => slice === "all" || before.length >= minimumCases;
  const tested = hypotheses.filter(isTested);
  const tests = testPairedFamily(
    tested.map(({ differences }) => differences),
    { resamples, seed },
  );
  const found = new Map(tested.map((hypothesis, index) => [hypothesis, tests[index]]));
  return hypotheses.map((hypothesis): Comparison => {
    const { dataset, pipeline, metric, slice, before, after, differences } = hypothesis;
    const { p, adjustedP } = found.get(hypothesis) ?? { p: 1, adjustedP: 1 };
    const values = differences.filter((value) => value !== null);
    const changed = values.filter((value) => value !== 0).length;
    const difference = mean(values);
    const alarming = adjustedP <= familyWiseAlpha;
    const interval =
      changed > 0 && (intervals || alarming) ? bootstrapMean(values, { resamples, seed }) : { low: difference, high: difference };
    return {
      dataset,
      pipeline,
      metric,
      slice,
      count: values.length,
      changed,
      before: mean(before),
      after: mean(after),
      difference: { mean: difference, low: interval.low, high: interval.high },
      p,
      adjustedP,
      tested: isTested(hypothesis),
      regressed: alarming && interval.high < 0,
    };
  });
}
