export { hasAbstained } from "./answer-metrics.ts";
export { characterMultisetF1, shingleF1, tokenMultisetF1 } from "./extraction-metrics.ts";
export { partNdcgAt, partRecallAt } from "./part-ranking.ts";
export { ndcgAt } from "./ranking-metrics.ts";
export { metricNames, scoreCase } from "./score-case.ts";
export { spanScores } from "./span-metrics.ts";
export type { TextSpan } from "./span-metrics.ts";
