import type { Relevance } from "../datasets/beir.ts";
import { alignColumns } from "../runs/align-columns.ts";
import { ndcgAt, recallAt, reciprocalRank } from "../metrics/ranking-metrics.ts";
import { type BootstrapOptions, bootstrapDifference, bootstrapMean, type Interval } from "../statistics/bootstrap.ts";

export const retrievalMetrics = ["ndcg@10", "recall@10", "recall@50", "mrr"] as const;
export type RetrievalMetric = (typeof retrievalMetrics)[number];

/** One query's documents, best first, distinct. */
export interface RankedQuery {
  queryId: string;
  ranking: readonly string[];
}

export interface PipelineScores {
  pipeline: string;
  metrics: Record<RetrievalMetric, Interval>;
  /** Values per query, in the order of the queries. */
  perQuery: { queryId: string; values: Record<RetrievalMetric, number> }[];
  /** nDCG@10 against the first pipeline of the report, paired; absent for the first. */
  ndcgDifference?: Interval;
  /** Milliseconds per query: median and 95th percentile. */
  latencyMs?: { median: number; p95: number };
  /** Queries in which a step was degraded. */
  degradedQueries: number;
}

export interface RetrievalReport {
  dataset: string;
  split: string;
  documents: number;
  chunks: number;
  queries: number;
  pipelines: PipelineScores[];
}

/** Scores one run. Queries without a relevant document are left out. MRR looks as deep as the ranking goes. */
export function scoreRun(
  run: readonly RankedQuery[],
  relevance: ReadonlyMap<string, Relevance>,
): { queryId: string; values: Record<RetrievalMetric, number> }[] {
  const scored: { queryId: string; values: Record<RetrievalMetric, number> }[] = [];
  for (const { queryId, ranking } of run) {
    const judged = relevance.get(queryId) ?? new Map<string, number>();
    const ndcg = ndcgAt(10, ranking, judged);
    const recall10 = recallAt(10, ranking, judged);
    const recall50 = recallAt(50, ranking, judged);
    const rank = reciprocalRank(ranking, judged);
    if (ndcg === null || recall10 === null || recall50 === null || rank === null) continue;
    scored.push({ queryId, values: { "ndcg@10": ndcg, "recall@10": recall10, "recall@50": recall50, mrr: rank } });
  }
  return scored;
}

/** Means and intervals of one pipeline's scored queries, and the paired difference to `baseline` where given. */
export function summarizeRun(options: {
  pipeline: string;
  perQuery: PipelineScores["perQuery"];
  degradedQueries: number;
  latencyMs?: { median: number; p95: number };
  baseline?: PipelineScores["perQuery"];
  bootstrap?: BootstrapOptions;
}): PipelineScores {
  const { pipeline, perQuery, degradedQueries, latencyMs, baseline, bootstrap } = options;
  const interval = (metric: RetrievalMetric) =>
    bootstrapMean(
      perQuery.map(({ values }) => values[metric]),
      bootstrap,
    );
  return {
    pipeline,
    metrics: {
      "ndcg@10": interval("ndcg@10"),
      "recall@10": interval("recall@10"),
      "recall@50": interval("recall@50"),
      mrr: interval("mrr"),
    },
    perQuery,
    degradedQueries,
    ...(latencyMs ? { latencyMs } : {}),
    ...(baseline
      ? {
          ndcgDifference: bootstrapDifference(
            baseline.map(({ values }) => values["ndcg@10"]),
            perQuery.map(({ values }) => values["ndcg@10"]),
            bootstrap,
          ),
        }
      : {}),
  };
}

const cell = ({ mean, low, high }: Interval) => `${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;

/** The report as a table of text with 95 % intervals. */
export function formatRetrievalReport(report: RetrievalReport): string {
  const rows = [["pipeline", ...retrievalMetrics, "ms median / p95"]];
  for (const { pipeline, metrics, latencyMs } of report.pipelines) {
    const latency = latencyMs ? `${latencyMs.median.toFixed(1)} / ${latencyMs.p95.toFixed(1)}` : "–";
    rows.push([pipeline, ...retrievalMetrics.map((metric) => cell(metrics[metric])), latency]);
  }
  const notes = report.pipelines.flatMap(({ pipeline, ndcgDifference, degradedQueries }) => [
    ...(ndcgDifference ? [`${pipeline} − ${report.pipelines[0]?.pipeline ?? ""}: nDCG@10 ${cell(ndcgDifference)} (paired)`] : []),
    ...(degradedQueries > 0 ? [`${pipeline}: ${degradedQueries} of ${report.queries} queries were degraded`] : []),
  ]);
  return [
    `${report.dataset} (${report.split}): ${report.documents} documents, ${report.chunks} chunks, ${report.queries} queries; 95 % percentile bootstrap`,
    ...alignColumns(rows),
    ...notes,
  ].join("\n");
}
