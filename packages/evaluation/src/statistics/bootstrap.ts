import { FootnoteError } from "@footnote/core";
import { createRandom } from "./random.ts";

export interface Interval {
  mean: number;
  low: number;
  high: number;
  /** Number of values. */
  count: number;
}

export interface BootstrapOptions {
  /** Default 2,000. */
  resamples?: number;
  /** Share of resamples inside, default 0.95. */
  confidence?: number;
  /** Default 1: two runs on equal values give equal intervals. */
  seed?: number;
}

/**
 * Percentile bootstrap of a mean (Efron, Tibshirani: An Introduction to the Bootstrap, 1993, ch. 13): resamples queries with
 * replacement, takes the quantiles of the resampled means. No values give NaN; one value gives itself.
 */
export function bootstrapMean(values: readonly number[], options: BootstrapOptions = {}): Interval {
  const { resamples = 2_000, confidence = 0.95, seed = 1 } = options;
  const count = values.length;
  if (count === 0) return { mean: Number.NaN, low: Number.NaN, high: Number.NaN, count };
  const random = createRandom(seed);
  const data = Float64Array.from(values);
  const means = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) {
    let sum = 0;
    for (let j = 0; j < count; j++) sum += data[Math.floor(random() * count)] ?? 0;
    means[i] = sum / count;
  }
  means.sort();
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  return { mean, low: quantile(means, (1 - confidence) / 2), high: quantile(means, (1 + confidence) / 2), count };
}

/** The same of the paired differences `after − before`: what one run is better by on the same queries. */
export function bootstrapDifference(before: readonly number[], after: readonly number[], options: BootstrapOptions = {}): Interval {
  if (before.length !== after.length) {
    throw new FootnoteError(
      "invalid_request",
      `Paired runs need equal queries, got ${before.length} and ${after.length}; score both on the same set.`,
    );
  }
  return bootstrapMean(
    after.map((value, index) => value - (before[index] ?? 0)),
    options,
  );
}

/** Arithmetic mean; 0 without values. */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Median, between the two middle values where their number is even; 0 without values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.length === 0 ? 0 : quantile(sorted, 0.5);
}

/** Quantile of sorted values by linear interpolation between order statistics (Hyndman, Fan 1996, type 7). */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN;
  return low + (high - low) * (position - below);
}
