/**
 * Coefficients of the logistic formula of `deterministic-judge.ts`: that the evidence speaks of what a statement says. Printed by `pnpm eval judges --fit`, fitted on
 * SciFact's training claims (395 pairs, supported against unrelated, without those in conflict).
 */
export const supportWeights = { intercept: -4.895, coverage: 3.39, sentenceCoverage: 0.109, cosine: 4.165, order: 2.241 };

/**
 * Scores from which a claim is called supported, and partly supported: the least tenth at which 85 % of those called so were so in training, and the
 * one below which fewer than 6 % of the supported lay.
 */
export const supportThresholds = { supported: 0.7, partial: 0.4 };
