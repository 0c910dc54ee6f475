import type { Analysis } from "../analysis.ts";
import { wordMatch } from "../coverage.ts";
import { areOpposed, isCue } from "../polarity.ts";
import type { Word } from "../words.ts";
import type { Conflict, ConflictInput } from "./conflict.ts";

/** First content words that a cue reaches. */
function headsOf({ text, words, negated }: Analysis): { cue: Word; heads: number[] }[] {
  const found: { cue: Word; heads: number[] }[] = [];
  for (const [at, cue] of words.entries()) {
    if (!isCue(text, words, at)) continue;
    const heads: number[] = [];
    for (let next = at + 1; next < words.length && heads.length < 2 && negated[next] === true; next++) {
      if (words[next]?.isStop === false) heads.push(next);
    }
    found.push({ cue, heads });
  }
  return found;
}

/** A denial that only the claim makes, or one that only the evidence makes. */
export function negationConflict(input: ConflictInput): Conflict | null {
  return claimDenies(input) ?? evidenceDenies(input);
}

function claimDenies({ claim, bearing, all }: ConflictInput): Conflict | null {
  for (const { cue, heads } of headsOf(claim)) {
    const met = heads.flatMap((head) => placesOf(claim.words[head], bearing));
    const isDenied =
      heads.some((head) => placesOf(claim.words[head], all).some(({ sentence, at }) => sentence.negated[at] === true)) ||
      (met.length > 0
        ? met.some(({ sentence, at }) => sentence.negated[at] === true)
        : bearing.some((sentence) => headsOf(sentence).length > 0));
    if (isDenied) continue;
    const nearest = claim.words[heads[0] ?? -1];
    if (placesOf(nearest, bearing).length === 0 && opposedIn(nearest, bearing)) continue;
    return { kind: "negation", reason: `the evidence does not say "${cue.text}"` };
  }
  return null;
}

function evidenceDenies({ claim, bearing }: ConflictInput): Conflict | null {
  for (const sentence of bearing) {
    for (const { cue, heads } of headsOf(sentence)) {
      const met = heads.flatMap((head) => placesOf(sentence.words[head], [claim]));
      if (met.length === 0 || met.some(({ at }) => claim.negated[at] === true)) continue;
      // Said elsewhere without the denial: then that is what the claim rests on.
      const affirmed = heads.some((head) =>
        placesOf(sentence.words[head], bearing).some((place) => place.sentence.negated[place.at] !== true),
      );
      if (affirmed || heads.some((head) => opposedIn(sentence.words[head], [claim]))) continue;
      return { kind: "negation", reason: `the evidence says "${cue.text}"` };
    }
  }
  return null;
}

function placesOf(word: Word | undefined, sentences: readonly Analysis[]): { sentence: Analysis; at: number }[] {
  if (word === undefined) return [];
  return sentences.flatMap((sentence) =>
    [...sentence.words.entries()].filter(([, other]) => wordMatch(word, other) > 0).map(([at]) => ({ sentence, at })),
  );
}

function opposedIn(word: Word | undefined, sentences: readonly Analysis[]): boolean {
  return word !== undefined && sentences.some(({ words }) => words.some((other) => areOpposed(word, other)));
}
