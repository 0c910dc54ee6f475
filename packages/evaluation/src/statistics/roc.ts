import { quantile } from "./bootstrap.ts";
import type { Interval } from "./bootstrap.ts";
import { createRandom } from "./random.ts";

/** A score with the truth about what it was given to. */
export interface ScoredOutcome {
  score: number;
  positive: boolean;
}

export interface RocPoint {
  /** What scores at least this is called positive. */
  threshold: number;
  truePositiveRate: number;
  falsePositiveRate: number;
}

/** Receiver operating characteristic from (0, 0) to (1, 1), one point per distinct score, best scores first (Fawcett 2006). */
export function rocCurve(outcomes: readonly ScoredOutcome[]): RocPoint[] {
  const positives = outcomes.filter(({ positive }) => positive).length;
  const negatives = outcomes.length - positives;
  const sorted = outcomes.toSorted((a, b) => b.score - a.score);
  const points: RocPoint[] = [{ threshold: Number.POSITIVE_INFINITY, truePositiveRate: 0, falsePositiveRate: 0 }];
  let hits = 0;
  let alarms = 0;
  for (const [at, { score, positive }] of sorted.entries()) {
    if (positive) hits += 1;
    else alarms += 1;
    if (sorted[at + 1]?.score === score) continue;
    points.push({
      threshold: score,
      truePositiveRate: positives === 0 ? 0 : hits / positives,
      falsePositiveRate: negatives === 0 ? 0 : alarms / negatives,
    });
  }
  return points;
}

/** Area under the curve: the chance that a positive scores above a negative, ties counting half (Mann, Whitney 1947). NaN without both kinds. */
export function areaUnderRoc(outcomes: readonly ScoredOutcome[]): number {
  const sorted = outcomes.toSorted((a, b) => a.score - b.score);
  let rankSum = 0;
  let positives = 0;
  for (let at = 0; at < sorted.length;) {
    let end = at;
    while (end < sorted.length && sorted[end]?.score === sorted[at]?.score) end += 1;
    const rank = (at + end + 1) / 2;
    for (; at < end; at++) {
      if (sorted[at]?.positive !== true) continue;
      rankSum += rank;
      positives += 1;
    }
  }
  const negatives = sorted.length - positives;
  if (positives === 0 || negatives === 0) return Number.NaN;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** The area with a percentile bootstrap over outcomes. Defaults: 500 resamples, 95 %, seed 1. */
export function bootstrapArea(
  outcomes: readonly ScoredOutcome[],
  options: { resamples?: number; confidence?: number; seed?: number } = {},
): Interval {
  const { resamples = 500, confidence = 0.95, seed = 1 } = options;
  const random = createRandom(seed);
  const count = outcomes.length;
  const areas: number[] = [];
  for (let i = 0; i < resamples; i++) {
    const sample: ScoredOutcome[] = [];
    for (let j = 0; j < count; j++) {
      const drawn = outcomes[Math.floor(random() * count)];
      if (drawn !== undefined) sample.push(drawn);
    }
    const area = areaUnderRoc(sample);
    if (!Number.isNaN(area)) areas.push(area);
  }
  areas.sort((a, b) => a - b);
  const side = (1 - confidence) / 2;
  return { mean: areaUnderRoc(outcomes), low: quantile(areas, side), high: quantile(areas, 1 - side), count };
}
