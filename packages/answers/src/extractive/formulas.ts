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

/** What one fit made: a file of the folder formulas. */
export interface FittedFormulas {
  /** For text in a language that the embedder was trained for, or may have been. */
  supported: FormulaPair;
  /** For text in any other language: there the vectors tell less, and everything is likelier to look alike. */
  other: FormulaPair;
}

export function linear(coefficients: Coefficients, features: Features): number {
  let sum = coefficients.intercept;
  for (const name of featureNames) sum += (coefficients[name] ?? 0) * features[name];
  return sum;
}

/** Probability in 0…1 that a unit answers the question. */
export function supportOf(formulas: Formulas, features: Features): number {
  return 1 / (1 + Math.exp(-linear(formulas.support, features)));
}
