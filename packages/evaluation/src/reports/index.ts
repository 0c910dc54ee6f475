export { formatGateHtml } from "./gate-html.ts";
export { formatGateJunit } from "./gate-junit.ts";
export { formatGateMarkdown, gateCommentMarker } from "./gate-markdown.ts";
export { formatGateTable } from "./gate-table.ts";
export { formatRetrievalReport, scoreRun, summarizeRun } from "./retrieval-report.ts";
export type { PipelineScores, RankedQuery, RetrievalReport } from "./retrieval-report.ts";
