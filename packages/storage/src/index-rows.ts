import type { AnalyzedText } from "@footnote/core";
import { termSpace } from "./term-space.ts";

export const k1 = 1.2;
export const b = 0.75;

/** A posting is number << 23 | frequency << 14 | length; what exceeds its bits counts as the greatest that fits. */
export const numberShift = 23;
export const frequencyShift = 14;
export const maxFrequency = 511;
export const maxLength = 16_383;

/** Term ids folded below `termSpace`, ascending and distinct; frequencies of what falls together add up. */
export function foldTerms(text: AnalyzedText): { termIds: number[]; frequencies: number[] } {
  const folded = new Map<number, number>();
  text.termIds.forEach((id, at) => {
    const term = ((id - 1) % termSpace) + 1;
    folded.set(term, (folded.get(term) ?? 0) + (text.frequencies[at] ?? 0));
  });
  const sorted = [...folded].sort(([a], [b]) => a - b);
  return { termIds: sorted.map(([id]) => id), frequencies: sorted.map(([, frequency]) => frequency) };
}
