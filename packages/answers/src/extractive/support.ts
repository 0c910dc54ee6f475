import { type Features, featureNames, type FeatureName } from "./unit-features.ts";

/** Coefficients of a linear formula over the features; a feature that is not named counts nothing. */
export type Coefficients = Partial<Record<FeatureName, number>> & { intercept: number };

/** How units are ordered, and how sure one is an answer. See docs/decisions/0070-extractive-scoring.md and 0093-training-worlds.md. */
export interface Formulas {
  /** Its differences are log-odds of one unit against another. */
  order: Coefficients;
  /** Log-odds that the best unit answers the question. */
  support: Coefficients;
}

/** Formulas for an embedder that gives token vectors, and for one that gives none. */
export interface FormulaPair {
  tokens: Formulas;
  words: Formulas;
}

// Both pairs are printed by `pnpm eval answers --fit`.
/* oxlint-disable oxc/approx-constant -- fitted weights, whatever they happen to be near */

/** For text in a language that the embedder was trained for, or may have been. */
export const servedFormulas: FormulaPair = {
  tokens: {
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
  },
  words: {
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
  },
};

/** For text in any other language: there the vectors tell less, and everything is likelier to look alike. */
export const foreignFormulas: FormulaPair = {
  tokens: {
    order: {
      intercept: 0,
      coverage: 5.964,
      unitCoverage: 4.603,
      cosine: 2.776,
      typeMatch: 1.253,
      keyMissing: -0.069,
      rank: 0.706,
      rarestMissing: 0.844,
      pairMissing: -1.382,
      nearCoverage: 3.274,
      standing: 1.241,
      denial: -0.44,
      tokens: 5.355,
      leastToken: 2.517,
      secondToken: 2.73,
    },
    support: {
      intercept: -4.23,
      coverage: 3.636,
      unitCoverage: -1.342,
      cosine: 1.405,
      typeMatch: 0.162,
      keyMissing: -1.096,
      rank: 0.974,
      rarestMissing: 0.339,
      pairMissing: -0.269,
      nearCoverage: -0.077,
      standing: 0.692,
      denial: -0.35,
      contrast: -0.309,
      tokens: 2.884,
      leastToken: -0.174,
      secondToken: -2.275,
    },
  },
  words: {
    order: {
      intercept: 0,
      coverage: 7.242,
      unitCoverage: 4.403,
      cosine: 7.439,
      typeMatch: 1.342,
      keyMissing: -0.141,
      rank: 0.707,
      rarestMissing: 0.885,
      pairMissing: -1.428,
      nearCoverage: 3.259,
      standing: 1.293,
      denial: -0.476,
    },
    support: {
      intercept: -4.057,
      coverage: 3.775,
      unitCoverage: -1.341,
      cosine: 1.847,
      typeMatch: 0.13,
      keyMissing: -1.114,
      rank: 1.137,
      rarestMissing: 0.359,
      pairMissing: -0.13,
      nearCoverage: -0.189,
      standing: 0.639,
      denial: -0.348,
      contrast: -0.57,
    },
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
