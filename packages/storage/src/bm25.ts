import { b, frequencyShift, k1, maxLength, numberShift } from "./index-rows.ts";

/** Postings in the order of their numbers; parallel arrays. */
export interface PostingList {
  numbers: Float64Array;
  /** frequency << 14 | length. */
  packed: Uint32Array;
}

/** Lists of one term: those of every delta. */
export interface TermPostings {
  /** Chunks of the collection that hold the term. */
  documentFrequency: number;
  /** How often the query holds it. */
  queryFrequency: number;
  lists: readonly PostingList[];
}

export interface CollectionTotals {
  chunkCount: number;
  totalLength: number;
}

/** Every chunk that holds a term of the query: parallel arrays, in no order. */
export interface Scores {
  numbers: Float64Array;
  scores: Float64Array;
}

const arrayHeaderBytes = 20;
const elementBytes = 12;
const highWord = 4_294_967_296;

/** Chunk numbers of one collection lie close together: a span up to this is summed in an array, a wider one in a map. */
const maxDenseSpan = 4_000_000;

/** A bigint[] of `number << 23 | frequency << 14 | length` as Postgres's array_send writes it; an empty array has a header only. */
export function readPostings(sent: Uint8Array): PostingList {
  const count = Math.max(0, Math.floor((sent.byteLength - arrayHeaderBytes) / elementBytes));
  const view = new DataView(sent.buffer, sent.byteOffset, sent.byteLength);
  const numbers = new Float64Array(count);
  const packed = new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    const at = arrayHeaderBytes + 4 + index * elementBytes;
    const low = view.getUint32(at + 4);
    numbers[index] = (view.getUint32(at) * highWord) / 2 ** numberShift + (low >>> numberShift);
    packed[index] = low & (2 ** numberShift - 1);
  }
  return { numbers, packed };
}

/**
 * BM25 in Lucene's variant (Robertson & Zaragoza 2009; idf = ln(1 + (N − df + 0.5) / (df + 0.5)), no (k1 + 1) factor) of
 * every chunk number in the lists. Rarest terms are added first.
 */
export function scorePostings(terms: readonly TermPostings[], totals: CollectionTotals): Scores {
  const averageLength = Math.max(1, totals.totalLength / totals.chunkCount);
  const base = k1 * (1 - b);
  const slope = (k1 * b) / averageLength;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  const parts = terms
    .toSorted((x, y) => x.documentFrequency - y.documentFrequency)
    .flatMap(({ documentFrequency, queryFrequency, lists }) => {
      const idf = queryFrequency * Math.log(1 + (totals.chunkCount - documentFrequency + 0.5) / (documentFrequency + 0.5));
      return lists
        .filter(({ numbers }) => numbers.length > 0)
        .map(({ numbers, packed }) => {
          first = Math.min(first, numbers[0] ?? first);
          last = Math.max(last, numbers.at(-1) ?? last);
          return { idf, numbers, packed };
        });
    });
  if (parts.length === 0) return { numbers: new Float64Array(), scores: new Float64Array() };

  const add = (accumulate: (number: number, weight: number) => void) => {
    for (const { idf, numbers, packed } of parts) {
      for (let at = 0; at < numbers.length; at++) {
        const low = packed[at] ?? 0;
        accumulate(numbers[at] ?? 0, idf / (1 + (base + slope * (low & maxLength)) / (low >>> frequencyShift)));
      }
    }
  };
  if (last - first > maxDenseSpan) {
    const sums = new Map<number, number>();
    add((number, weight) => sums.set(number, (sums.get(number) ?? 0) + weight));
    return { numbers: Float64Array.from(sums.keys()), scores: Float64Array.from(sums.values()) };
  }
  const sums = new Float64Array(last - first + 1);
  let found = 0;
  add((number, weight) => {
    const before = sums[number - first] ?? 0;
    if (before === 0) found += 1;
    sums[number - first] = before + weight;
  });
  const numbers = new Float64Array(found);
  const scores = new Float64Array(found);
  let next = 0;
  for (let at = 0; at < sums.length; at++) {
    const score = sums[at] ?? 0;
    if (score === 0) continue;
    numbers[next] = at + first;
    scores[next++] = score;
  }
  return { numbers, scores };
}

interface Ranked {
  number: number;
  score: number;
}

/** Best first; equal scores (to 1e-9, for sums in another order) by number. */
const byRank = (a: Ranked, z: Ranked) => Math.round(z.score * 1e9) - Math.round(a.score * 1e9) || a.number - z.number;

/** The `count` best in order. */
export function bestScores({ numbers, scores }: Scores, count: number): Ranked[] {
  const best: Ranked[] = [];
  let floor = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < numbers.length; at++) {
    const score = scores[at] ?? 0;
    if (score < floor) continue;
    const entry = { number: numbers[at] ?? 0, score };
    const worst = best.at(-1);
    if (best.length >= count && worst && byRank(worst, entry) <= 0) continue;
    let low = 0;
    let high = best.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = best[middle];
      if (other && byRank(other, entry) <= 0) low = middle + 1;
      else high = middle;
    }
    best.splice(low, 0, entry);
    if (best.length > count) best.pop();
    if (best.length === count) floor = (best.at(-1)?.score ?? 0) - 1e-9;
  }
  return best;
}
