import { type Comparison, type RunPair } from "./compare.ts";
import type { GateCase } from "./gate-run.ts";

/** A question that got worse, with what was said before and now. */
export interface WorstCase {
  dataset: string;
  pipeline: string;
  before: GateCase;
  after: GateCase;
  /** Metrics that fell, the one that fell most first. */
  fell: { metric: string; before: number; after: number }[];
  /** Sum of the falls, those of a metric that regressed counted three times. */
  loss: number;
}

/** The questions that lost most, worst first. */
export function worstCases(
  pairs: readonly RunPair[],
  comparisons: readonly Comparison[],
  metrics: readonly string[],
  limit: number,
): WorstCase[] {
  const keyOf = (one: { dataset: string; pipeline: string; metric: string }) => [one.dataset, one.pipeline, one.metric].join("\0");
  const regressed = new Set(comparisons.filter((one) => one.regressed).map(keyOf));
  return pairs
    .flatMap(({ candidate, baseline }) => {
      const { pipeline } = candidate;
      const dataset = candidate.dataset.name;
      const known = new Map(baseline.cases.map((one) => [one.id, one]));
      return candidate.cases.flatMap((after): WorstCase[] => {
        const before = known.get(after.id);
        if (!before) return [];
        const fell = metrics
          .flatMap((metric) => {
            const [left, right] = [before.metrics[metric] ?? null, after.metrics[metric] ?? null];
            return left !== null && right !== null && right < left ? [{ metric, before: left, after: right }] : [];
          })
          .toSorted((a, b) => b.before - b.after - (a.before - a.after));
        if (fell.length === 0) return [];
        const weight = (metric: string) => (regressed.has(keyOf({ dataset, pipeline, metric })) ? 3 : 1);
        const loss = fell.reduce((sum, one) => sum + weight(one.metric) * (one.before - one.after), 0);
        return [{ dataset, pipeline, before, after, fell, loss }];
      });
    })
    .toSorted((a, b) => b.loss - a.loss || (a.after.id < b.after.id ? -1 : 1))
    .slice(0, limit);
}
