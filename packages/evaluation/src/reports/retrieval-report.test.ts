import { describe, expect, it } from "vitest";
import { formatRetrievalReport, scoreRun, summarizeRun } from "./retrieval-report.ts";

const relevance = new Map([
  ["q1", new Map([["a", 1]])],
  ["q2", new Map([["b", 1]])],
  ["q3", new Map([["c", 0]])],
]);

describe("retrieval report", () => {
  it("scores judged queries only, in order", () => {
    const scored = scoreRun(
      [
        { queryId: "q1", ranking: ["a", "b"] },
        { queryId: "q3", ranking: ["c"] },
        { queryId: "q2", ranking: ["a", "b"] },
        { queryId: "unknown", ranking: ["a"] },
      ],
      relevance,
    );
    expect(scored.map(({ queryId }) => queryId)).toEqual(["q1", "q2"]);
    expect(scored[1]?.values).toEqual({ "ndcg@10": 1 / Math.log2(3), "recall@10": 1, "recall@50": 1, mrr: 0.5 });
  });

  it("prints every metric with its interval, the paired difference and degradations", () => {
    const good = scoreRun([{ queryId: "q1", ranking: ["a"] }], relevance);
    const bad = scoreRun([{ queryId: "q1", ranking: ["b"] }], relevance);
    const text = formatRetrievalReport({
      dataset: "tiny",
      split: "test",
      documents: 3,
      chunks: 4,
      queries: 1,
      pipelines: [
        summarizeRun({ pipeline: "default", perQuery: good, degradedQueries: 0, latencyMs: { median: 1.25, p95: 4 } }),
        summarizeRun({ pipeline: "other", perQuery: bad, degradedQueries: 1, baseline: good }),
      ],
    });
    expect(text).toBe(
      [
        "tiny (test): 3 documents, 4 chunks, 1 queries; 95 % percentile bootstrap",
        "pipeline  ndcg@10               recall@10             recall@50             mrr                   ms median / p95",
        "default   1.000 [1.000, 1.000]  1.000 [1.000, 1.000]  1.000 [1.000, 1.000]  1.000 [1.000, 1.000]  1.3 / 4.0",
        "other     0.000 [0.000, 0.000]  0.000 [0.000, 0.000]  0.000 [0.000, 0.000]  0.000 [0.000, 0.000]  –",
        "other − default: nDCG@10 -1.000 [-1.000, -1.000] (paired)",
        "other: 1 of 1 queries were degraded",
      ].join("\n"),
    );
  });
});
