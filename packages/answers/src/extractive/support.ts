import { type Features, featureNames, type FeatureName } from "./unit-features.ts";

/** Coefficients of a linear formula over the features; a feature that is not named counts nothing. */
export type Coefficients = Partial<Record<FeatureName, number>> & { intercept: number };

/** How units are ordered, and how sure one is an answer: with token vectors, and without. See docs/decisions/0070-extractive-scoring.md and 0093-training-worlds.md. */
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
    coverage: 6.267,
    unitCoverage: 2.149,
    cosine: 11.059,
    typeMatch: 0.945,
    keyMissing: -0.565,
    rank: 0.158,
    rarestMissing: 0.425,
    pairMissing: -2.465,
    nearCoverage: 3.885,
    standing: 1.211,
    denial: -0.189,
  },
  support: {
    intercept: -5.532,
    coverage: 3.392,
    unitCoverage: -0.685,
    cosine: -1.004,
    typeMatch: 0.378,
    keyMissing: -1.376,
    rank: 1.417,
    rarestMissing: 0.167,
    pairMissing: -0.884,
    nearCoverage: 0.551,
    standing: 0.492,
    denial: 0.182,
    contrast: 6.643,
  },
};

/** With token vectors. */
export const tokenFormulas: Formulas = {
  order: {
    intercept: 0,
    coverage: 3.835,
    unitCoverage: 2.422,
    cosine: 3.975,
    typeMatch: 0.766,
    keyMissing: -0.557,
    rank: 0.31,
    rarestMissing: 0.267,
    pairMissing: -2.655,
    nearCoverage: 3.489,
    standing: 1.099,
    denial: -0.112,
    tokens: 5.709,
    leastToken: 4.108,
    secondToken: 5.383,
  },
  support: {
    intercept: -5.434,
    coverage: 3.09,
    unitCoverage: -0.864,
    cosine: -2.06,
    typeMatch: 0.275,
    keyMissing: -1.308,
    rank: 1.173,
    rarestMissing: 0.227,
    pairMissing: -1.075,
    nearCoverage: 0.797,
    standing: 0.356,
    denial: 0.243,
    contrast: 6.527,
    tokens: -2.097,
    leastToken: 1.573,
    secondToken: 2.929,
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
