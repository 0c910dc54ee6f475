import type { Analysis } from "./analysis.ts";
import { areOpposed } from "./polarity.ts";
import { isSameAmount } from "./quantities.ts";
import type { Word } from "./words.ts";

/** 1 for words of one stem, 0.8 for those with a long common beginning (`calibrated`, `calibration`), else 0. */
export function wordMatch(a: Word, b: Word): number {
  if (a.stem === b.stem || a.lower === b.lower) return 1;
  if (a.isNumber || b.isNumber) return 0;
  const least = Math.min(a.stem.length, b.stem.length);
  if (least < 5) return 0;
  const shared = Math.max(5, least - 2);
  return a.stem.slice(0, shared) === b.stem.slice(0, shared) && !areOpposed(a, b) ? 0.8 : 0;
}

const nameWeight = 1.5;

/** Weighted share of a claim's content words and quantities that stand in the evidence. */
export function coverageOf(claim: Analysis, evidence: readonly Analysis[]): number {
  let total = 0;
  let found = 0;
  for (const at of claim.content) {
    const word = claim.words[at];
    if (word === undefined) continue;
    const weight = claim.names.some(({ from, to }) => at >= from && at < to) ? nameWeight : 1;
    total += weight;
    let best = 0;
    for (const { words } of evidence) for (const other of words) best = Math.max(best, wordMatch(word, other));
    found += weight * best;
  }
  for (const quantity of claim.quantities) {
    total += 1;
    if (evidence.some(({ quantities }) => quantities.some((other) => isSameAmount(quantity, other) === "same"))) found += 1;
  }
  return total === 0 ? 0 : found / total;
}

/** Longest common subsequence of the content words of both, as a share of the claim's: the same words in the same order. */
export function orderOf(claim: Analysis, sentence: Analysis): number {
  const a = claim.words.filter(({ isStop }) => !isStop);
  const b = sentence.words.filter(({ isStop }) => !isStop);
  if (a.length === 0) return 0;
  let row = new Uint16Array(b.length + 1);
  for (const word of a) {
    const next = new Uint16Array(b.length + 1);
    for (const [at, other] of b.entries()) {
      next[at + 1] = wordMatch(word, other) > 0 ? (row[at] ?? 0) + 1 : Math.max(row[at + 1] ?? 0, next[at] ?? 0);
    }
    row = next;
  }
  return (row[b.length] ?? 0) / a.length;
}
