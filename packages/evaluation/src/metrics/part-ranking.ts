import type { GoldSpan } from "./case-result.ts";

/** Where a retrieved or cited text stands. */
export interface Place {
  document: string;
  start: number;
  end: number;
}

/** Whether two places share a character. */
export function overlaps(a: Place, b: Place): boolean {
  return a.document === b.document && a.start < b.end && b.start < a.end;
}

/** Numbers of the parts that a place touches: those with a span that shares a character with it. */
function partsAt(place: Place, gold: readonly GoldSpan[]): Set<number> {
  return new Set(gold.filter((span) => overlaps(place, span)).map(({ part }) => part));
}

const partCount = (gold: readonly GoldSpan[]) => new Set(gold.map(({ part }) => part)).size;

/**
 * recall@k over parts: share of the question's parts of which a span overlaps one of the first `k` of the ranking. With one part it is the
 * success@k of TREC; it is subtopic recall (Zhai, Cohen, Lafferty 2003, "Beyond independent relevance") with parts as subtopics.
 * Null when no place is known.
 */
export function partRecallAt(k: number, ranking: readonly Place[], gold: readonly GoldSpan[]): number | null {
  const parts = partCount(gold);
  if (parts === 0) return null;
  return new Set(ranking.slice(0, k).flatMap((place) => [...partsAt(place, gold)])).size / parts;
}

/**
 * nDCG@k over parts: each part gains 1 where it is first touched and nothing again (α-nDCG with α = 1; Clarke et al. 2008, "Novelty
 * and diversity in information retrieval evaluation"), discounted by log2(rank + 1) (Järvelin, Kekäläinen 2002), divided by the gain of
 * parts at the ranks 1…P. Where one text touches several new parts, the j-th part found counts at rank max(rank, j): the value stays
 * within 0…1, and with one part per text it is the nDCG of trec_eval on binary judgements.
 */
export function partNdcgAt(k: number, ranking: readonly Place[], gold: readonly GoldSpan[]): number | null {
  const parts = partCount(gold);
  if (parts === 0) return null;
  const found = new Set<number>();
  let gain = 0;
  for (const [index, place] of ranking.slice(0, k).entries()) {
    for (const part of partsAt(place, gold)) {
      if (found.has(part)) continue;
      found.add(part);
      const rank = Math.max(index + 1, found.size);
      if (rank <= k) gain += 1 / Math.log2(rank + 1);
    }
  }
  let ideal = 0;
  for (let rank = 1; rank <= Math.min(parts, k); rank++) ideal += 1 / Math.log2(rank + 1);
  return gain / ideal;
}

/** Reciprocal rank of the first text that touches any gold span, 0 when none does (Voorhees 1999, TREC-8 question answering). */
export function partReciprocalRank(ranking: readonly Place[], gold: readonly GoldSpan[]): number | null {
  if (gold.length === 0) return null;
  const first = ranking.findIndex((place) => gold.some((span) => overlaps(place, span)));
  return first === -1 ? 0 : 1 / (first + 1);
}

/**
 * Context precision of ragas (Es et al. 2024, "RAGAs", arXiv 2309.15217, in the rank-weighted form of its library): the mean of
 * precision@i over the ranks i that hold a relevant context, Σᵢ precision@i · rel(i) / Σᵢ rel(i); average precision over what was
 * retrieved. 0 when nothing relevant was retrieved.
 */
export function contextPrecision(relevant: readonly boolean[]): number {
  let found = 0;
  let sum = 0;
  for (const [index, isRelevant] of relevant.entries()) {
    if (!isRelevant) continue;
    found += 1;
    sum += found / (index + 1);
  }
  return found === 0 ? 0 : sum / found;
}

/** Which contexts touch a gold span: the relevance that `contextPrecision` wants. Null when no place is known. */
export function relevanceOf(contexts: readonly Place[], gold: readonly GoldSpan[]): boolean[] | null {
  if (gold.length === 0) return null;
  return contexts.map((place) => gold.some((span) => overlaps(place, span)));
}
