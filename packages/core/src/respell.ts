import type { Correction } from "./search.ts";

/** The text with each of these words, where it stands alone, in its other spelling. */
export function respelled(text: string, corrections: readonly Correction[]): string {
  const spellings = new Map(corrections.map(({ from, to }) => [from, to]));
  return text.replaceAll(spelledWord, (word) => spellings.get(word) ?? word);
}

/** What is spelt as one: `e-mail`, `doesn't` and `max_size` are not the words in them. */
export const spelledWord = /[\p{L}\p{M}\p{N}_'’-]+/gu;
