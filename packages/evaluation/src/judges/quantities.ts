import { readNumber } from "./numbers.ts";
import { type Unit, unitAfter, unitBefore } from "./units.ts";
import type { Word } from "./words.ts";

/** A number of a text with what it measures. */
export interface Quantity {
  /** Scaled by a following `million` and the like. */
  value: number;
  /** Null where none was seen. */
  unit: Unit | null;
  /** `at least` is a lower bound, `up to` an upper one. */
  bound: "lower" | "upper" | null;
  start: number;
  end: number;
  /** Places among the words, first and one past the last. */
  from: number;
  to: number;
  /** Place of the unit's word; null where it is a sign or there is none. */
  unitAt: number | null;
}

const lowerBound =
  /(?:\bat least|\bminimum(?: of)?|\bmore than|\bover|\babove|\bno (?:fewer|less) than|\bexceed(?:s|ing)?|\bgreater than|[≥>]|\bmindestens|\bmehr als)\s*$/iu;
const upperBound =
  /(?:\bat most|\bup to|\bmaximum(?: of)?|\b(?:less|fewer|lower|smaller) than|\bunder|\bbelow|\bno more than|\bnot more than|\bwithin|[≤<]|\bhöchstens|\bbis zu|\bweniger als)\s*$/iu;

/** The numbers of a text in one notation: `1,500`, `1.500` and `1500` are 1500; `14,5` is 14.5; `twenty-five` is 25; `8.9 million` is 8900000. */
export function quantitiesOf(text: string, words: readonly Word[]): Quantity[] {
  const found: Quantity[] = [];
  for (let at = 0; at < words.length;) {
    const read = readNumber(text, words, at);
    if (read === null) {
      at += 1;
      continue;
    }
    const first = words[at];
    const last = words[read.to - 1];
    if (first === undefined || last === undefined) break;
    const before = text.slice(Math.max(0, first.start - 24), first.start);
    const after = unitAfter({ text, words, at: read.to, end: last.end });
    found.push({
      value: read.value,
      unit: after?.unit ?? unitBefore(before),
      unitAt: after?.at ?? null,
      bound: lowerBound.test(before) ? "lower" : upperBound.test(before) ? "upper" : null,
      start: first.start,
      end: last.end,
      from: at,
      to: read.to,
    });
    at = read.to;
  }
  return found;
}

/** Equal up to the unit: one hour is 60 minutes. A missing unit on either side leaves the bare values to compare. */
export function isSameAmount(a: Quantity, b: Quantity): "same" | "other-unit" | "other-value" {
  if (a.unit !== null && b.unit !== null) {
    if (a.unit.dimension !== b.unit.dimension) return close(a.value, b.value) ? "other-unit" : "other-value";
    if (close(a.value * a.unit.factor, b.value * b.unit.factor)) return "same";
    return close(a.value, b.value) ? "other-unit" : "other-value";
  }
  return close(a.value, b.value) ? "same" : "other-value";
}

function close(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}
