import { moments, standardized } from "./mix.ts";

/** A feature that counts, by name: one of the text features, or `<reranker>` or `<reranker>.<reading>`. */
export interface LearnedWeights {
  name: string;
  /** Rerankers whose scores or readings are among the features. */
  signals: readonly string[];
  weights: Readonly<Record<string, number>>;
}

/**
 * A linear model over features that are standardised among the candidates of one query (mean 0, deviation 1; all equal gives
 * 0): what counts is how a candidate differs from its rivals, so that weights fitted on one collection mean the same on another. A
 * missing value counts as the mean. The sum goes through the logistic function, which changes no order and keeps scores in 0…1.
 */
export function learnedLinear(
  features: Readonly<Record<string, readonly (number | null)[]>>,
  weights: LearnedWeights["weights"],
): number[] {
  const sums: number[] = [];
  for (const [name, weight] of Object.entries(weights)) {
    const values = standardizedColumn(features[name] ?? []);
    for (const [at, value] of values.entries()) sums[at] = (sums[at] ?? 0) + weight * value;
  }
  return sums.map((sum) => 1 / (1 + Math.exp(-sum)));
}

/** A feature of the candidates of one query, standardised among those that have it; 0 for the others. */
export function standardizedColumn(values: readonly (number | null)[]): number[] {
  const column = moments(values.filter((value) => value !== null));
  return values.map((value) => (value === null ? 0 : standardized(value, column)));
}
