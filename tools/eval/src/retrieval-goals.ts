import type { RetrievalReport } from "@footnote/evaluation/reports";
import { atLeast } from "./goals.ts";
import type { Goal } from "./goals.ts";

/** nDCG@10 that `default` is to reach on the test queries of each set: issue 4. */
const goals: Readonly<Record<string, number>> = {
  scifact: 0.75,
  cranfield: 0.41,
  "squad-v2": 0.935,
  "product-docs": 0.81,
  "code-chunks": 0.73,
};

/** The goal that a report can be held against: a known set, its test split, every query. */
export function retrievalGoals(report: RetrievalReport, isWhole: boolean): Goal[] {
  const goal = goals[report.dataset];
  const scores = report.pipelines.find(({ pipeline }) => pipeline === "default");
  if (goal === undefined || !scores || report.split !== "test" || !isWhole) return [];
  return [atLeast(`nDCG@10 of default on ${report.dataset}`, goal, scores.metrics["ndcg@10"].mean)];
}
