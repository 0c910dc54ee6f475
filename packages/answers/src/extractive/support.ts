import { type Features, featureNames, type FeatureName } from "./unit-features.ts";

/** Coefficients of a linear formula over the features; a feature that is not named counts nothing. */
export type Coefficients = Partial<Record<FeatureName, number>> & { intercept: number };

/** How units are ordered, and how sure one is an answer: with token vectors, and without. See docs/decisions/0070-extractive-scoring.md. */
export interface Formulas {
  /** Its differences are log-odds of one unit against another. */
  order: Coefficients;
  /** Log-odds that the best unit answers the question. */
  support: Coefficients;
}

const handMade: Coefficients = {
  intercept: -7.18,
  coverage: 2.87,
  unitCoverage: 3.19,
  cosine: 5.99,
  typeMatch: 1.57,
  keyMissing: -3.27,
  rank: 0.66,
  rarestMissing: -0.49,
  pairMissing: -3.37,
};

/** Without token vectors. */
export const wordFormulas: Formulas = { order: handMade, support: handMade };
/** With token vectors. */
export const tokenFormulas: Formulas = { order: handMade, support: handMade };

export function linear(coefficients: Coefficients, features: Features): number {
  let sum = coefficients.intercept;
  for (const name of featureNames) sum += (coefficients[name] ?? 0) * features[name];
  return sum;
}

/** Probability in 0…1 that a unit answers the question. */
export function supportOf(formulas: Formulas, features: Features): number {
  return 1 / (1 + Math.exp(-linear(formulas.support, features)));
}
