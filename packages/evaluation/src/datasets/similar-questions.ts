import { foldText } from "@footnote/core";

/** Runs of three characters of a text, letters and digits only, padded so that short words count too. */
export function trigrams(text: string): Set<string> {
  const grams = new Set<string>();
  for (const word of foldText(text).match(/[\p{L}\p{N}]+/gu) ?? []) {
    const padded = ` ${word} `;
    for (let at = 0; at + 3 <= padded.length; at++) grams.add(padded.slice(at, at + 3));
  }
  return grams;
}

/** Jaccard index of two sets of trigrams, 0…1; typing errors and changed endings cost little. Two empty sets are equal. */
export function similarity(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size === 0 && b.size === 0) return 1;
  let shared = 0;
  for (const gram of a) if (b.has(gram)) shared += 1;
  return shared / (a.size + b.size - shared);
}

export interface AskedQuestion {
  grams: ReadonlySet<string>;
  /** In order, joined. */
  numbers: string;
}

/** A question with what it follows up on, made ready to be compared. */
export function askedQuestion({ question, history = [] }: { question: string; history?: readonly string[] }): AskedQuestion {
  const text = [...history, question].join(" ");
  return { grams: trigrams(text), numbers: (text.match(/\d+/gu) ?? []).join(" ") };
}

/** Whether two questions are one in other words, up to typing errors. "Status 401" and "status 409" are two, however alike. */
export function asksTheSame(a: AskedQuestion, b: AskedQuestion, atLeast: number): boolean {
  return a.numbers === b.numbers && similarity(a.grams, b.grams) >= atLeast;
}
