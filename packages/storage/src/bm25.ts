import { b, frequencyShift, k1, maxFrequency, maxLength } from "./index-rows.ts";

/** Lists of one term: those of every delta, as Postgres's array_send writes a bigint[]. */
export interface TermPostings {
  /** Chunks of the collection that hold the term. */
  documentFrequency: number;
  /** How often the query holds it. */
  queryFrequency: number;
  lists: readonly Uint8Array[];
}

export interface CollectionTotals {
  chunkCount: number;
  totalLength: number;
}

const arrayHeaderBytes = 20;
const elementBytes = 12;
const highWord = 4_294_967_296;

/**
 * BM25 in Lucene's variant (Robertson & Zaragoza 2009; idf = ln(1 + (N − df + 0.5) / (df + 0.5)), no (k1 + 1) factor) of
 * every chunk number in the lists. Rarest terms are added first.
 */
export function scorePostings(terms: readonly TermPostings[], totals: CollectionTotals): Map<number, number> {
  const averageLength = Math.max(1, totals.totalLength / totals.chunkCount);
  const base = k1 * (1 - b);
  const slope = (k1 * b) / averageLength;
  const scores = new Map<number, number>();
  for (const { documentFrequency, queryFrequency, lists } of [...terms].sort((x, y) => x.documentFrequency - y.documentFrequency)) {
    const idf = queryFrequency * Math.log(1 + (totals.chunkCount - documentFrequency + 0.5) / (documentFrequency + 0.5));
    for (const list of lists) {
      const view = new DataView(list.buffer, list.byteOffset, list.byteLength);
      for (let at = arrayHeaderBytes + 4; at + 8 <= list.byteLength; at += elementBytes) {
        const low = view.getUint32(at + 4);
        // 64 bits: number << 23 | frequency << 14 | length.
        const number = (view.getUint32(at) * highWord) / 8_388_608 + (low >>> 23);
        const frequency = (low >>> frequencyShift) & maxFrequency;
        const weight = idf / (1 + (base + slope * (low & maxLength)) / frequency);
        scores.set(number, (scores.get(number) ?? 0) + weight);
      }
    }
  }
  return scores;
}

/** The `count` best, best first; equal scores (to 1e-9, for sums in another order) by number. */
export function bestScores(scores: ReadonlyMap<number, number>, count: number): { number: number; score: number }[] {
  const before = (a: { number: number; score: number }, z: { number: number; score: number }) =>
    Math.round(z.score * 1e9) - Math.round(a.score * 1e9) || a.number - z.number;
  const best: { number: number; score: number }[] = [];
  let worst: { number: number; score: number } | undefined;
  for (const [number, score] of scores) {
    if (best.length >= count && worst && (score < worst.score - 1e-9 || before({ number, score }, worst) > 0)) continue;
    const entry = { number, score };
    let low = 0;
    let high = best.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = best[middle];
      if (other && before(other, entry) <= 0) low = middle + 1;
      else high = middle;
    }
    best.splice(low, 0, entry);
    if (best.length > count) best.pop();
    worst = best.at(-1);
  }
  return best;
}
