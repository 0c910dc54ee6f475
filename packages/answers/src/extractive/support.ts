import { type Features, featureNames } from "./unit-features.ts";

/** Coefficients of the logistic formula; see docs/decisions/0042-extractive-support.md for how they were made. */
export const coefficients: Features & { intercept: number } = {
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
