export { createRagasClient } from "./ragas-client.ts";
export type { RagasClient } from "./ragas-client.ts";
export { defaultRagasMetrics, ragasJudge, ragasMetrics, withRagasMetrics } from "./ragas-metrics.ts";
export type { RagasMetric } from "./ragas-wire.ts";
