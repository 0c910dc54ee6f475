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
    coverage: 2.502,
    unitCoverage: 2.163,
    cosine: 17.354,
    typeMatch: 0.741,
    keyMissing: -0.423,
    rank: 0.641,
    rarestMissing: -0.329,
    pairMissing: -2.962,
    nearCoverage: 2.382,
    standing: 0.021,
    denial: 0.123,
  },
  support: {
    intercept: -2.603,
    coverage: 1.96,
    unitCoverage: -0.505,
    cosine: -1.582,
    typeMatch: 0.384,
    keyMissing: -1.094,
    rank: 0.97,
    rarestMissing: -0.146,
    pairMissing: -0.737,
    nearCoverage: -0.134,
    standing: -0.589,
    denial: 0.09,
    contrast: 7.704,
  },
};

/** With token vectors. */
export const tokenFormulas: Formulas = {
  order: {
    intercept: 0,
    coverage: 0.499,
    unitCoverage: 2.393,
    cosine: 8.931,
    typeMatch: 0.625,
    keyMissing: -0.463,
    rank: 0.634,
    rarestMissing: -0.421,
    pairMissing: -2.804,
    nearCoverage: 2.057,
    standing: 0.134,
    denial: 0.158,
    tokens: 8.096,
    leastToken: 3.638,
    secondToken: 4.781,
  },
  support: {
    intercept: -2.587,
    coverage: 1.804,
    unitCoverage: -0.718,
    cosine: -2.419,
    typeMatch: 0.305,
    keyMissing: -1.129,
    rank: 0.784,
    rarestMissing: -0.105,
    pairMissing: -0.947,
    nearCoverage: 0.016,
    standing: -0.54,
    denial: 0.108,
    contrast: 7.5,
    tokens: -2.095,
    leastToken: 2.39,
    secondToken: 1.775,
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
