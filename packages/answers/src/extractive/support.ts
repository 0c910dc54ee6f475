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

/** Without token vectors. Both are printed by `pnpm eval answers --fit`. */
export const wordFormulas: Formulas = {
  order: {
    intercept: 0,
    coverage: 3.147,
    unitCoverage: 2.213,
    cosine: 9.687,
    typeMatch: 1.116,
    keyMissing: 0.362,
    rank: 0.134,
    rarestMissing: -0.031,
    pairMissing: -3.588,
    nearCoverage: 2.836,
    standing: 1.398,
    denial: 0.018,
  },
  support: {
    intercept: -3.809,
    coverage: 2.168,
    unitCoverage: -0.952,
    cosine: 3.482,
    typeMatch: 0.938,
    keyMissing: -1.752,
    rank: 0.12,
    rarestMissing: -0.254,
    pairMissing: -2.58,
    nearCoverage: 0.959,
    standing: 0.619,
    denial: -0.61,
  },
};

/** With token vectors. */
export const tokenFormulas: Formulas = {
  order: {
    intercept: 0,
    coverage: 1.322,
    unitCoverage: 2.456,
    cosine: 2.988,
    typeMatch: 0.949,
    keyMissing: 0.304,
    rank: 0.344,
    rarestMissing: -0.13,
    pairMissing: -3.417,
    nearCoverage: 2.777,
    standing: 1.304,
    denial: 0.046,
    tokens: 4.038,
    leastToken: 5.409,
    secondToken: 3.13,
  },
  support: {
    intercept: -4.051,
    coverage: 2.137,
    unitCoverage: -1.11,
    cosine: 3.536,
    typeMatch: 0.785,
    keyMissing: -1.588,
    rank: 0.299,
    rarestMissing: -0.258,
    pairMissing: -2.886,
    nearCoverage: 1.191,
    standing: 0.196,
    denial: -0.517,
    tokens: -2.994,
    leastToken: 1.697,
    secondToken: 2.601,
  },
};

export function linear(coefficients: Coefficients, features: Features): number {
  let sum = coefficients.intercept;
  for (const name of featureNames) sum += (coefficients[name] ?? 0) * features[name];
  return sum;
}

/** Probability in 0…1 that a unit answers the question. */
export function supportOf(formulas: Formulas, features: Features): number {
  return 1 / (1 + Math.exp(-linear(formulas.support, features)));
}
