/**
 * Maximal marginal relevance: picks one after the other the candidate with the greatest
 * λ · relevance − (1 − λ) · max cosine to what was picked. Carbonell, Goldstein: The Use of MMR, Diversity-Based Reranking for
 * Reordering Documents and Producing Summaries, SIGIR 1998. Relevance is brought to 0…1 over the candidates (all equal: 1), so that
 * it is comparable to a cosine. A candidate without a vector is like nothing. Ties: the better relevance, then the earlier one.
 * Returns `count` indices of `candidates`, in the order picked.
 */
export function maximalMarginalRelevance(
  candidates: readonly { score: number; vector: Float32Array | undefined }[],
  options: { lambda: number; count: number },
): number[] {
  const { lambda, count } = options;
  const scores = candidates.map(({ score }) => score);
  const lowest = Math.min(...scores);
  const range = Math.max(...scores) - lowest;
  const relevance = scores.map((score) => (range > 0 ? (score - lowest) / range : 1));
  /** Greatest cosine to what was picked; nothing before the first pick. */
  const closest: number[] = [];
  const left = new Set(candidates.keys());
  const picked: number[] = [];
  while (picked.length < Math.min(count, candidates.length)) {
    let best = -1;
    let bestValue = Number.NEGATIVE_INFINITY;
    for (const at of left) {
      const value = lambda * (relevance[at] ?? 0) - (1 - lambda) * (closest[at] ?? 0);
      if (value > bestValue || (value === bestValue && (relevance[at] ?? 0) > (relevance[best] ?? 0))) {
        best = at;
        bestValue = value;
      }
    }
    left.delete(best);
    picked.push(best);
    const vector = candidates[best]?.vector;
    for (const at of left) closest[at] = Math.max(closest[at] ?? -1, cosine(vector, candidates[at]?.vector));
  }
  return picked;
}

function cosine(a: Float32Array | undefined, b: Float32Array | undefined): number {
  if (!a || !b) return 0;
  let product = 0;
  let squaresA = 0;
  let squaresB = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    product += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return squaresA > 0 && squaresB > 0 ? product / Math.sqrt(squaresA * squaresB) : 0;
}
