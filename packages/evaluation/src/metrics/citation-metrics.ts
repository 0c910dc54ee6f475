import type { GoldSpan } from "./case-result.ts";
import { overlaps, type Place } from "./part-ranking.ts";

/** A sentence with what was found out about its citations, in their order. */
export interface JudgedSentence {
  /** Whether all its cited texts together bear it out. False without a citation. */
  supported: boolean;
  /** For each citation: whether it alone bears the sentence out, and whether the others do without it. */
  citations: { alone: boolean; othersWithout: boolean }[];
}

/**
 * Citation recall of ALCE (Gao et al. 2023, "Enabling large language models to generate text with citations", arXiv 2305.14627, §4.3): share of the
 * sentences that their cited texts, taken together, entail. Null without a sentence.
 */
export function citationRecall(sentences: readonly JudgedSentence[]): number | null {
  return share(sentences.map(({ supported }) => supported));
}

/**
 * Citation precision of ALCE (same place): share of the citations that are not irrelevant. A citation counts when its sentence is
 * supported by all citations together and it is needed: it alone entails the sentence, or the others without it do not. Null without a citation.
 */
export function citationPrecision(sentences: readonly JudgedSentence[]): number | null {
  return share(sentences.flatMap(({ supported, citations }) => citations.map((one) => supported && (one.alone || !one.othersWithout))));
}

/** Share of the cited places that touch a gold span: precision against annotation instead of entailment. Null without either. */
export function goldCitationPrecision(cited: readonly Place[], gold: readonly GoldSpan[]): number | null {
  if (gold.length === 0) return null;
  return share(cited.map((place) => gold.some((span) => overlaps(place, span))));
}

/** Share of the question's parts of which a cited place touches a span. Null when no place is known. */
export function goldCitationRecall(cited: readonly Place[], gold: readonly GoldSpan[]): number | null {
  const parts = [...new Set(gold.map(({ part }) => part))];
  return share(parts.map((part) => gold.some((span) => span.part === part && cited.some((place) => overlaps(place, span)))));
}

/** Share of true values; null of none. */
export function share(values: readonly boolean[]): number | null {
  return values.length === 0 ? null : values.filter(Boolean).length / values.length;
}
