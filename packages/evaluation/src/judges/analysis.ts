import { splitSentences } from "@footnote/core";
import { negatedWords } from "./polarity.ts";
import { type Quantity, quantitiesOf } from "./quantities.ts";
import { type Word, wordsOf } from "./words.ts";

/** Words from `from` up to, not including, `to`. */
export interface Place {
  from: number;
  to: number;
}

/** A text taken apart for comparison. */
export interface Analysis {
  text: string;
  words: Word[];
  quantities: Quantity[];
  /** Per word: whether a denial reaches it. */
  negated: boolean[];
  /** Names, each of one or more words that follow each other. */
  names: Place[];
  /** Places of words with content of their own that are no part of a quantity. */
  content: number[];
}

const months = "January February March April May June July August September October November December".split(" ");

/** `2026-09-30` reads as `30 September 2026`, so that both notations compare equal. */
function withDatesInWords(text: string): string {
  return text.replace(/\b(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\b/gu, (_, year: string, month: string, day: string) => {
    return `${Number(day)} ${months[Number(month) - 1] ?? month} ${year}`;
  });
}

export function analyze(given: string): Analysis {
  const text = withDatesInWords(given.normalize("NFC"));
  const words = wordsOf(text);
  const quantities = quantitiesOf(text, words);
  const counted = new Set<number>();
  for (const { from, to, unitAt } of quantities) {
    for (let at = from; at < to; at++) counted.add(at);
    if (unitAt !== null) counted.add(unitAt);
  }
  const content = [...words.keys()].filter((at) => words[at]?.isStop === false && !counted.has(at));
  return { text, words, quantities, negated: negatedWords(text, words), names: namesOf(text, words), content };
}

const german =
  /\b(?:der|die|das|den|dem|und|ist|sind|für|mit|nicht|eine?[nmrs]?)\b.*\b(?:der|die|das|den|dem|und|ist|sind|für|mit|nicht|eine?[nmrs]?)\b/u;

/** Capitalised words in mid-sentence, words of capitals or with digits, and a capitalised first word that another one follows. */
function namesOf(text: string, words: readonly Word[]): Place[] {
  const starts = new Set(splitSentences(text).map(({ start }) => start));
  const isCapital = (word: Word | undefined) => word !== undefined && !word.isNumber && /^\p{Lu}/u.test(word.text);
  const middle = words.filter((word) => !startsSentence(text, word, starts));
  const capitals = middle.filter(isCapital).length;
  // In headlines and in German a capital says nothing.
  const everything = german.test(text) || (middle.length >= 5 && capitals / middle.length > 0.6);
  const isName = (at: number) => {
    const word = words[at];
    if (word === undefined || word.isNumber || word.isStop || !(isCapital(word) || /\p{Nd}/u.test(word.text))) return false;
    if (/^\p{Lu}{2,}|\p{Nd}/u.test(word.text)) return true;
    if (everything) return false;
    if (!startsSentence(text, word, starts)) return true;
    const next = words[at + 1];
    return next?.isStop === false && /^\p{Lu}\p{Ll}+$/u.test(next.text) && /^[\s.]+$/u.test(text.slice(word.end, next.start));
  };
  const names: Place[] = [];
  for (const at of words.keys()) {
    if (!isName(at)) continue;
    const last = names.at(-1);
    const before = words[at - 1];
    if (last?.to === at && before !== undefined && /^[\s.-]+$/u.test(text.slice(before.end, words[at]?.start))) last.to = at + 1;
    else names.push({ from: at, to: at + 1 });
  }
  return names;
}

function startsSentence(text: string, word: Word, starts: ReadonlySet<number>): boolean {
  if (starts.has(word.start)) return true;
  return /(?:^|[.!?:|\n"“(*#>-])\s*$/u.test(text.slice(Math.max(0, word.start - 3), word.start));
}
