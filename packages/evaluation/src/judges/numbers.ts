import { unitOf } from "./units.ts";
import type { Word } from "./words.ts";

const small =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  );
const tens = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const cardinals = new Map<string, number>([
  ...small.map((word, value): [string, number] => [word, value]),
  ...tens.map((word, at): [string, number] => [word, 20 + 10 * at]),
  ["half", 0.5], ["dozen", 12], ["twice", 2], ["thrice", 3],
  ["null", 0], ["zwei", 2], ["drei", 3], ["vier", 4], ["fünf", 5], ["sechs", 6], ["sieben", 7], ["acht", 8], ["neun", 9], ["zehn", 10], ["elf", 11], ["zwölf", 12],
]); // prettier-ignore
const scales = new Map([["hundred", 100], ["thousand", 1e3], ["million", 1e6], ["billion", 1e9], ["trillion", 1e12]]); // prettier-ignore

/** The number that begins with a word, with the place behind it; null where none does. */
export function readNumber(text: string, words: readonly Word[], at: number): { value: number; to: number } | null {
  const word = words[at];
  if (word === undefined) return null;
  const scale = scales.get(word.lower);
  if (!word.isNumber && scale !== undefined) return { value: scale, to: at + 1 };
  const read = word.isNumber ? readDigits(word, at) : readCardinal(text, words, at);
  if (read === null) return null;
  let { value, to } = read;
  for (let by = scales.get(words[to]?.lower ?? ""); by !== undefined; by = scales.get(words[to]?.lower ?? "")) {
    value *= by;
    to += 1;
  }
  return { value, to };
}

function readDigits(word: Word, at: number): { value: number; to: number } | null {
  const value = Number(normalDigits(word.text));
  return Number.isFinite(value) ? { value, to: at + 1 } : null;
}

function readCardinal(text: string, words: readonly Word[], at: number): { value: number; to: number } | null {
  const word = words[at];
  const value = cardinals.get(word?.lower ?? "");
  if (word === undefined || value === undefined) return null;
  const next = words[at + 1];
  if (value >= 20 && value < 100 && next !== undefined && text.slice(word.end, next.start) === "-") {
    const ones = cardinals.get(next.lower) ?? 0;
    if (ones >= 1 && ones <= 9) return { value: value + ones, to: at + 2 };
  }
  const isUnit = next !== undefined && unitOf(next) !== null;
  // "One" is a pronoun as often as a number.
  if (value === 1 && !isUnit && !scales.has(next?.lower ?? "")) return null;
  if (word.lower === "half" && !isUnit) return null;
  return { value, to: at + 1 };
}

/** A separator before exactly three digits groups thousands, any other is a decimal point. */
function normalDigits(text: string): string {
  return text
    .normalize("NFKC")
    .replace(/[.,’'](?=\p{Nd}{3}(?!\p{Nd}))/gu, "")
    .replace(/[,’']/gu, ".");
}
