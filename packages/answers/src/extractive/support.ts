import { type Features, featureNames } from "./unit-features.ts";

/** Coefficients of the logistic formula; see docs/decisions/0042-extractive-support.md for how they were made. */
export const coefficients: Features & { intercept: number } = {
  intercept: -5.5,
  coverage: 4,
  unitCoverage: 1.2,
  cosine: 4,
  typeMatch: 0.9,
  keyMissing: -2.5,
  rank: 0.4,
  rarestMissing: -1,
};

/** Log-odds that a unit answers the question. */
export function supportLogit(features: Features): number {
  let sum = coefficients.intercept;
  for (const name of featureNames) sum += coefficients[name] * features[name];
  return sum;
}

/** Probability in 0…1 that a unit answers the question. */
export function supportOf(features: Features): number {
  return 1 / (1 + Math.exp(-supportLogit(features)));
}
