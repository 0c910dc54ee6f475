import type { Relevance } from "../datasets/beir.ts";

/**
 * nDCG@k: Järvelin, Kekäläinen: Cumulated gain-based evaluation of IR techniques, TOIS 20(4), 2002, in trec_eval's form: gain is
 * the grade itself, discount 1 / log2(rank + 1), the ideal order is over all judged documents. In 0…1. `ranking` is best
 * first and distinct; ties are as the run gives them. Null when nothing is relevant: such a query is not scored.
 */
export function ndcgAt(k: number, ranking: readonly string[], relevance: Relevance): number | null {
  const ideal = discountedGain(
    [...relevance.values()].filter((grade) => grade > 0).sort((a, b) => b - a),
    k,
  );
  if (ideal === 0) return null;
  return (
    discountedGain(
      ranking.map((id) => Math.max(0, relevance.get(id) ?? 0)),
      k,
    ) / ideal
  );
}

function discountedGain(gains: readonly number[], k: number): number {
  let sum = 0;
  for (const [index, gain] of gains.slice(0, k).entries()) sum += gain / Math.log2(index + 2);
  return sum;
}

/** recall@k: share of the relevant documents (grade above 0) among the first k. Null when nothing is relevant. */
export function recallAt(k: number, ranking: readonly string[], relevance: Relevance): number | null {
  const relevant = [...relevance].filter(([, grade]) => grade > 0).length;
  if (relevant === 0) return null;
  return ranking.slice(0, k).filter((id) => (relevance.get(id) ?? 0) > 0).length / relevant;
}

/**
 * Reciprocal rank of the first relevant document, 0 when there is none in the ranking; its mean over queries is MRR. Voorhees:
 * The TREC-8 question answering track report, 1999. Null when nothing is relevant.
 */
export function reciprocalRank(ranking: readonly string[], relevance: Relevance): number | null {
  if (![...relevance.values()].some((grade) => grade > 0)) return null;
  const first = ranking.findIndex((id) => (relevance.get(id) ?? 0) > 0);
  return first === -1 ? 0 : 1 / (first + 1);
}
