/** Coefficients of the logistic formula of `deterministic-judge.ts`; fitted by tools/bench/src/fit-judges.ts on training data only. */
export const supportWeights = { intercept: -6.2, coverage: 4.2, sentenceCoverage: 2.4, cosine: 3.2, order: 1.2 };

/** Scores from which a claim is called supported, and partly supported. */
export const supportThresholds = { supported: 0.6, partial: 0.3 };
