import type { Analysis, Place } from "../analysis.ts";
import { wordMatch } from "../coverage.ts";
import type { Word } from "../words.ts";

/** By how much a rival's surroundings must fit better before a number or name is taken to be in the wrong place. */
const clearly = 0.2;
/** Only where a claim repeats a sentence this closely does the place of a word say something. */
export const nearlyAll = 0.75;
const window = 6;

/**
 * Whether the surroundings of a place in the claim are clearly more like those of a rival than like those of its own match. The words of all three
 * are left out: what changed places says nothing about where it belongs.
 */
export function isNearer(options: {
  claim: Analysis;
  place: Place;
  sentence: Analysis;
  rival: Place;
  own: { sentence: Analysis; other: Place };
}): boolean {
  const { claim, place, sentence, rival, own } = options;
  const ignored = new Set<string>();
  for (const [{ words }, { from, to }] of [
    [claim, place],
    [sentence, rival],
    [own.sentence, own.other],
  ] as const) {
    for (const { lower } of words.slice(from, to)) ignored.add(lower);
  }
  const near = (analysis: Analysis, other: Place) => nearness({ claim, place, sentence: analysis, other, ignored });
  return near(sentence, rival) > near(own.sentence, own.other) + clearly;
}

/** How alike the surroundings of two places are: shared content words, more for near ones and for ones on the same side. */
export function nearness(options: {
  claim: Analysis;
  place: Place;
  sentence: Analysis;
  other: Place;
  ignored: ReadonlySet<string>;
}): number {
  const { claim, place, sentence, other, ignored } = options;
  let sum = 0;
  for (const { word, distance: here } of around(claim, place)) {
    if (ignored.has(word.lower)) continue;
    let best = 0;
    for (const { word: candidate, distance } of around(sentence, other)) {
      const match = word.isStop ? (word.lower === candidate.lower ? 0.5 : 0) : wordMatch(word, candidate);
      if (match === 0 || ignored.has(candidate.lower)) continue;
      const worth = match / Math.max(Math.abs(here), Math.abs(distance));
      best = Math.max(best, Math.sign(here) === Math.sign(distance) ? worth : worth / 2);
    }
    sum += best;
  }
  return sum;
}

const relations = new Set("from to before after until between of by than".split(" "));

/** Words at most six places away, with their signed distance; without function words that relate nothing. */
function around({ words }: Analysis, { from, to }: Place): { word: Word; distance: number }[] {
  const found: { word: Word; distance: number }[] = [];
  for (let at = Math.max(0, from - window); at < Math.min(words.length, to + window); at++) {
    const word = words[at];
    if (word === undefined || (at >= from && at < to) || (word.isStop && !relations.has(word.lower))) continue;
    found.push({ word, distance: at < from ? at - from : at - to + 1 });
  }
  return found;
}
