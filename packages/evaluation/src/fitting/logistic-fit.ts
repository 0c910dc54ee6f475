/** One observation: what was seen, what was so (1 or 0, or a probability), and how much it counts. Default weight 1. */
export interface Observation {
  features: readonly number[];
  outcome: number;
  weight?: number;
}

export interface LogisticFit {
  intercept: number;
  weights: number[];
}

/**
 * Logistic regression with an L2 penalty ½ · l2 · |w|² beside the mean log loss (the intercept is not penalised), by Newton's method, also called
 * iteratively reweighted least squares (McCullagh, Nelder: Generalized Linear Models, 1989, §4.4). Deterministic; 30 steps at most, far more than it needs.
 */
export function fitLogistic(observations: readonly Observation[], options: { l2: number }): LogisticFit {
  const size = (observations[0]?.features.length ?? 0) + 1;
  const total = observations.reduce((sum, { weight = 1 }) => sum + weight, 0);
  let solution = Array.from({ length: size }, () => 0);
  if (total === 0) return { intercept: 0, weights: solution.slice(1) };
  for (let step = 0; step < 30; step++) {
    const gradient = solution.map((value, at) => (at === 0 ? 0 : options.l2 * value));
    const hessian = solution.map((_, row) => solution.map((__, column) => (row === column ? (row === 0 ? 1e-9 : options.l2) : 0)));
    for (const { features, outcome, weight = 1 } of observations) {
      const row = [1, ...features];
      const expected = logistic(row.reduce((sum, value, at) => sum + value * (solution[at] ?? 0), 0));
      const share = weight / total;
      const curvature = share * Math.max(expected * (1 - expected), 1e-6);
      for (const [at, value] of row.entries()) {
        gradient[at] = (gradient[at] ?? 0) + share * (expected - outcome) * value;
        const line = hessian[at];
        if (line === undefined) continue;
        for (const [column, other] of row.entries()) line[column] = (line[column] ?? 0) + curvature * value * other;
      }
    }
    const change = solve(hessian, gradient);
    solution = solution.map((value, at) => value - (change[at] ?? 0));
    if (change.every((value) => Math.abs(value) < 1e-9)) break;
  }
  const [intercept = 0, ...weights] = solution;
  return { intercept, weights };
}

export function logistic(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

/** Solves a symmetric positive definite system by Gaussian elimination with partial pivoting. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, at) => [...row, right[at] ?? 0]);
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(rows[row]?.[column] ?? 0) > Math.abs(rows[pivot]?.[column] ?? 0)) pivot = row;
    }
    const chosen = rows[pivot];
    const replaced = rows[column];
    if (chosen === undefined || replaced === undefined) continue;
    [rows[column], rows[pivot]] = [chosen, replaced];
    for (const [at, row] of rows.entries()) {
      if (at === column) continue;
      const factor = (row[column] ?? 0) / (chosen[column] ?? 1);
      for (let k = column; k <= size; k++) row[k] = (row[k] ?? 0) - factor * (chosen[k] ?? 0);
    }
  }
  return rows.map((row, at) => (row[size] ?? 0) / (row[at] ?? 1));
}
