import type { ModelSource } from "@footnote/core";
import { type SourceUnit, sourceUnits } from "./source-units.ts";
import type { TermsOf } from "./terms.ts";

export interface AlignedQuote {
  source: ModelSource;
  unit: SourceUnit;
  /** Share of the sentence's distinct terms that the unit holds. */
  overlap: number;
}

const leastOverlap = 0.25;
const leastGain = 0.15;
const mostQuotes = 3;

/**
 * The units of the cited sources that bear a sentence, best first: the one with the greatest share of its terms, then whatever adds at
 * least 15 % more, three at most. A cited source none of whose units shares a quarter of the terms is left out: there is nothing to quote.
 */
export function alignSentence(options: { sentence: string; sources: readonly ModelSource[]; terms: TermsOf }): AlignedQuote[] {
  const { sentence, sources, terms } = options;
  const wanted = new Set(terms(sentence).map(({ term }) => term));
  if (wanted.size === 0) return [];
  const candidates: (AlignedQuote & { shared: Set<string> })[] = [];
  for (const source of sources) {
    for (const unit of sourceUnits(source.hit.chunk)) {
      const shared = new Set<string>();
      for (const { term } of terms(unit.text)) if (wanted.has(term)) shared.add(term);
      const overlap = shared.size / wanted.size;
      if (overlap >= leastGain) candidates.push({ source, unit, overlap, shared });
    }
  }
  // Of two that hold as much, the shorter says less besides.
  candidates.sort((a, b) => b.overlap - a.overlap || a.unit.text.length - b.unit.text.length);
  const best = candidates[0];
  if (best === undefined || best.overlap < leastOverlap) return [];
  const chosen = [best];
  const covered = new Set(best.shared);
  for (const candidate of candidates.slice(1)) {
    if (chosen.length >= mostQuotes) break;
    let gain = 0;
    for (const term of candidate.shared) if (!covered.has(term)) gain += 1;
    const isOtherSource = chosen.every(({ source }) => source.marker !== candidate.source.marker);
    if (gain / wanted.size < leastGain && !(isOtherSource && candidate.overlap >= 0.5)) continue;
    chosen.push(candidate);
    for (const term of candidate.shared) covered.add(term);
  }
  return chosen.map(({ source, unit, overlap }) => ({ source, unit, overlap }));
}
