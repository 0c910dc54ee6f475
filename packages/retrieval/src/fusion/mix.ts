/**
 * Mixes a reranker's scores with the fused ones: both standardised over the candidates (mean 0, deviation 1; all equal gives 0),
 * then weight · rerank + (1 − weight) · fused. A candidate that the reranker has no score for keeps its standardised fused
 * score. `mean` and `deviation` are those of the fused scores, to place candidates that were not reranked.
 */
export function mixScores(options: { fused: readonly number[]; reranked: readonly (number | null)[]; weight: number }): {
  scores: number[];
  mean: number;
  deviation: number;
} {
  const { fused, reranked, weight } = options;
  const fusedMoments = moments(fused);
  const rerankMoments = moments(reranked.filter((score) => score !== null));
  const scores = fused.map((score, index) => {
    const base = standardized(score, fusedMoments);
    const own = reranked[index] ?? null;
    return own === null ? base : weight * standardized(own, rerankMoments) + (1 - weight) * base;
  });
  return { scores, ...fusedMoments };
}

export interface Moments {
  mean: number;
  deviation: number;
}

export function moments(values: readonly number[]): Moments {
  if (values.length === 0) return { mean: 0, deviation: 0 };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}

/** (value − mean) / deviation; 0 where all values are equal. */
export function standardized(value: number, { mean, deviation }: Moments): number {
  return deviation > 0 ? (value - mean) / deviation : 0;
}
