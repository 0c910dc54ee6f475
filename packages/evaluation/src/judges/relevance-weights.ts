/**
 * Coefficients of the logistic formula of `answer-relevance.ts`: that a sentence is to the question's point. Printed by `pnpm eval judges --fit`, fitted on 1,299 questions of
 * eight articles of SQuAD, the answering sentence against another of its paragraph.
 */
export const relevanceWeights = { intercept: -3.035, cosine: 2.503, words: 4.061, type: 0.468 };
