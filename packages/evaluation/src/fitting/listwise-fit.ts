/** The candidates of one query: a row of features each, and which of them are right. */
export interface CandidateList {
  /** Candidates × features. */
  features: readonly (readonly number[])[];
  relevant: readonly boolean[];
  /** How many times the list counts. Default 1. */
  weight?: number;
}

export interface ListwiseFitOptions {
  /** Strength of the penalty ½ · l2 · |w|² beside the mean loss of a list. */
  l2: number;
  /** Where to start and what to be drawn towards by the penalty. Default: zeros. */
  start?: readonly number[];
  /** Default 400. */
  iterations?: number;
}

/**
 * Weights w that minimise the weighted mean over lists of −ln(Σ over relevant candidates of exp(w · x) / Σ over all of exp(w · x)) + ½ · l2 · |w − start|²:
 * ListNet's top-one loss (Cao et al. 2007) where any relevant candidate will do, so that of a document's chunks only the best need score. Lists without a
 * relevant or without another candidate say nothing and are left out. Gradient descent with momentum; deterministic.
 */
export function fitListwise(lists: readonly CandidateList[], options: ListwiseFitOptions): number[] {
  const { l2, iterations = 400 } = options;
  const useful = lists.filter(({ relevant }) => relevant.includes(true) && relevant.includes(false));
  const total = useful.reduce((sum, { weight = 1 }) => sum + weight, 0);
  const size = useful[0]?.features[0]?.length ?? 0;
  const start = Array.from({ length: size }, (_, at) => options.start?.[at] ?? 0);
  const weights = [...start];
  const velocity = weights.map(() => 0);
  // Features are standardised, so a step of this size is safe for some dozens of them.
  const rate = 2 / (1 + size / 4);
  for (let iteration = 0; iteration < iterations; iteration++) {
    const gradient = weights.map((weight, at) => l2 * (weight - (start[at] ?? 0)));
    for (const list of useful) addGradient(list, weights, gradient, (list.weight ?? 1) / total);
    for (let at = 0; at < size; at++) {
      velocity[at] = 0.9 * (velocity[at] ?? 0) - rate * 0.1 * (gradient[at] ?? 0);
      weights[at] = (weights[at] ?? 0) + (velocity[at] ?? 0);
    }
  }
  return weights;
}

function addGradient({ features, relevant }: CandidateList, weights: readonly number[], gradient: number[], factor: number): void {
  const scores = features.map((row) => dot(row, weights));
  const highest = Math.max(...scores);
  const exponentials = scores.map((score) => Math.exp(score - highest));
  const all = exponentials.reduce((sum, value) => sum + value, 0);
  const right = exponentials.reduce((sum, value, at) => sum + (relevant[at] ? value : 0), 0) || Number.MIN_VALUE;
  for (const [at, row] of features.entries()) {
    const share = (exponentials[at] ?? 0) / all - (relevant[at] ? (exponentials[at] ?? 0) / right : 0);
    for (const [column, value] of row.entries()) gradient[column] = (gradient[column] ?? 0) + factor * share * value;
  }
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (const [at, value] of a.entries()) sum += value * (b[at] ?? 0);
  return sum;
}
