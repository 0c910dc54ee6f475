import { type CandidateList, fitListwise } from "@footnote/evaluation/fitting";
import { ndcgAt } from "@footnote/evaluation/metrics";
import { learnedLinear, standardizedColumn } from "@footnote/retrieval";
import type { CollectedQuery } from "./fusion-features.ts";

/** Features standardised among a query's candidates, as a list to fit on. */
export function candidateList(query: CollectedQuery, names: readonly string[]): CandidateList {
  const columns = names.map((name) => standardizedColumn(query.features[name] ?? query.rows.map(() => null)));
  return {
    features: query.rows.map((_, at) => columns.map((column) => column[at] ?? 0)),
    relevant: query.rows.map((row) => (query.relevance[row] ?? 0) > 0),
  };
}

export interface FusionSource {
  name: string;
  queries: readonly CollectedQuery[];
}

/** Weights by feature name, fitted on all sources, each counting as much as any other. */
export function fitFusion(sources: readonly FusionSource[], names: readonly string[], l2: number): Record<string, number> {
  const largest = Math.max(...sources.map(({ queries }) => queries.length));
  const lists = sources.flatMap(({ queries }) => {
    const own = queries.map((query) => candidateList(query, names));
    // A smaller source is repeated, so that the larger one does not decide alone.
    return Array.from({ length: largest }, (_, at) => own[at % own.length]).filter((list) => list !== undefined);
  });
  const fitted = fitListwise(lists, { l2 });
  return Object.fromEntries(names.map((name, at) => [name, Number((fitted[at] ?? 0).toFixed(4))]));
}

/** Mean nDCG@10 over rows, each placed by its best candidate. */
export function ndcgOf(queries: readonly CollectedQuery[], weights: Readonly<Record<string, number>>): number {
  let sum = 0;
  for (const query of queries) sum += ndcgOfQuery(query, weights);
  return sum / queries.length;
}

export function ndcgOfQuery(query: CollectedQuery, weights: Readonly<Record<string, number>>): number {
  const scores = learnedLinear(query.features, weights);
  const order = query.rows.map((row, at) => ({ row, score: scores[at] ?? 0 })).sort((a, b) => b.score - a.score);
  const ranking = [...new Set(order.map(({ row }) => row))];
  return ndcgAt(10, ranking, new Map(Object.entries(query.relevance))) ?? 0;
}
