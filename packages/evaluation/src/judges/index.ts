export { createAnswerRelevance } from "./answer-relevance.ts";
export type { AnswerRelevance } from "./answer-relevance.ts";
export { createDeterministicJudge, createSupportFeatures, featureNames as supportFeatureNames } from "./deterministic-judge.ts";
export { createFileJudgeCache } from "./judge-cache.ts";
export { judgePairs, judgeQuality } from "./judge-quality.ts";
export type { JudgeQuality } from "./judge-quality.ts";
export { createLlmJudge } from "./llm-judge.ts";
export { llmMetrics, withLlmMetrics } from "./llm-metrics.ts";
