import { splitSentences } from "@footnote/core";
import { areOpposed, calendarName, isCue, negatedWords } from "./polarity.ts";
import { isSameAmount, namesUnit, type Quantity, quantitiesOf, unitOf } from "./quantities.ts";
import { type Word, wordsOf } from "./words.ts";

/** Words from `from` up to, not including, `to`. */
interface Place {
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

/** 1 for words of one stem, 0.8 for those with a long common beginning (`calibrated`, `calibration`), else 0. */
export function wordMatch(a: Word, b: Word): number {
  if (a.stem === b.stem || a.lower === b.lower) return 1;
  if (a.isNumber || b.isNumber) return 0;
  const least = Math.min(a.stem.length, b.stem.length);
  if (least < 5) return 0;
  const shared = Math.max(5, least - 2);
  return a.stem.slice(0, shared) === b.stem.slice(0, shared) && !areOpposed(a, b) ? 0.8 : 0;
}

function sameName(a: Word, b: Word): boolean {
  const month = calendarName(a);
  return a.lower === b.lower || a.stem === b.stem || (month !== null && month === calendarName(b));
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

/** What contradicts a claim, or what it says that its evidence does not, in words for people; null where nothing was found. */
export interface Conflict {
  kind: "number" | "unit" | "bound" | "name" | "negation" | "opposite" | "place";
  reason: string;
}

/**
 * Compares strictly what a paraphrase may not change: numbers with their units and bounds, names and dates, denials, and words that exclude each
 * other. `bearing` are the sentences that the claim rests on, best first; `all` is everything it may rest on.
 */
export function findConflict(options: {
  claim: Analysis;
  bearing: readonly Analysis[];
  all: readonly Analysis[];
  question: Analysis | null;
}): Conflict | null {
  return (
    numberConflict(options) ?? unitWordConflict(options) ?? nameConflict(options) ?? negationConflict(options) ?? oppositeConflict(options)
  );
}

type Options = Parameters<typeof findConflict>[0];

function numberConflict({ claim, all, question }: Options): Conflict | null {
  for (const quantity of claim.quantities) {
    const said = claim.text.slice(quantity.start, quantity.end);
    const matches: { sentence: Analysis; other: Quantity }[] = [];
    let otherUnit = false;
    for (const sentence of all) {
      for (const other of sentence.quantities) {
        const outcome = isSameAmount(quantity, other);
        if (outcome === "same") matches.push({ sentence, other });
        if (outcome === "other-unit") otherUnit = true;
      }
    }
    if (matches.length === 0) {
      if (otherUnit) return { kind: "unit", reason: `the evidence gives ${said} in another unit` };
      // What the question itself says need not be said again, unless the evidence speaks of another of its kind.
      if (question?.quantities.some((asked) => isSameAmount(quantity, asked) === "same") === true && !hasRival(claim, quantity, all))
        continue;
      return { kind: "number", reason: `the evidence does not say ${said}` };
    }
    const { unit } = quantity;
    if (unit !== null && matches.every(({ other }) => other.unit === null)) {
      if (!all.some(({ text, words }) => namesUnit(unit, text, words)))
        return { kind: "unit", reason: `the evidence does not give ${said} in this unit` };
    }
    if (quantity.bound !== null && matches.every(({ other }) => other.bound !== null && other.bound !== quantity.bound)) {
      return { kind: "bound", reason: `the evidence bounds ${said} from the other side` };
    }
    // A sentence that says all the rest with another number is a rival too: this one may be said elsewhere, of something else.
    const holders = new Set(matches.map(({ sentence }) => sentence));
    for (const [at, sentence] of all.entries()) {
      if (coverageOf(without(claim, quantity), [sentence]) < nearlyAll) continue;
      for (const rival of sentence.quantities) {
        if (isSameAmount(quantity, rival) !== "other-value" || !isComparable(quantity, rival)) continue;
        if (isOfSomethingElse({ claim, all, at, sentence, rival, holders })) continue;
        if (matches.every((match) => isNearer({ claim, place: quantity, sentence, rival, own: match }))) {
          return { kind: "place", reason: `the evidence says another number than ${said} in this place` };
        }
      }
    }
  }
  return null;
}

/** `on the weeks of departure` for `on the days of departure`: a unit without a number that only the claim names, where the evidence names another. */
function unitWordConflict({ claim, bearing, all }: Options): Conflict | null {
  for (const at of claim.content) {
    const word = claim.words[at];
    const unit = word === undefined ? null : unitOf(word);
    if (word === undefined || unit === null || all.some(({ text, words }) => namesUnit(unit, text, words))) continue;
    const other = bearing[0]?.words.find((candidate) => {
      const said = unitOf(candidate);
      return said !== null && said.name !== unit.name && !namesUnit(said, claim.text, claim.words);
    });
    if (other !== undefined) return { kind: "unit", reason: `the evidence says "${other.text}", the claim "${word.text}"` };
  }
  return null;
}

const isComparable = (a: Quantity, b: Quantity) => a.unit === null || b.unit === null || a.unit.dimension === b.unit.dimension;

const without = (analysis: Analysis, quantity: Quantity): Analysis => ({
  ...analysis,
  quantities: analysis.quantities.filter((other) => other !== quantity),
});

/** A sentence with no more words with content than this speaks of what the one before it names: `Today it has 240.`, `Dial 4711.` */
const fewWords = 2;

/**
 * Whether a sentence that lacks the claim's number has another one without contradicting it: it says something else, and a short next sentence holds
 * the claim's (`The fee is due on 1 March. It is €120.`); or the claim's names a column of the table that the sentence is a row of.
 */
function isOfSomethingElse(options: {
  claim: Analysis;
  all: readonly Analysis[];
  at: number;
  sentence: Analysis;
  rival: Quantity;
  holders: ReadonlySet<Analysis>;
}): boolean {
  const { claim, all, at, sentence, rival, holders } = options;
  if (holders.has(sentence)) return false;
  if (isRow(sentence)) {
    const header = all[all.slice(0, at).findLastIndex((other) => !isRow(other)) + 1] ?? sentence;
    return holders.has(header);
  }
  const next = all[at + 1];
  if (next === undefined || !holders.has(next) || next.content.length > fewWords) return false;
  return coverageOf(without(sentence, rival), [claim]) < nearlyAll;
}

const isRow = ({ text }: Analysis) => text.includes("|");

/** `Skua 3` when the evidence says `Skua 4` and nowhere `Skua 3`. */
function hasRival(claim: Analysis, quantity: Quantity, all: readonly Analysis[]): boolean {
  const before = claim.words[quantity.from - 1];
  const after = claim.words[quantity.to];
  return all.some(({ words, quantities }) =>
    quantities.some((other) => {
      const follows = words[other.from - 1];
      const precedes = words[other.to];
      if (before !== undefined && follows !== undefined && !before.isStop && before.stem === follows.stem) return true;
      return after !== undefined && precedes !== undefined && !after.isStop && after.stem === precedes.stem;
    }),
  );
}

/** By how much a rival's surroundings must fit better before a number or name is taken to be in the wrong place. */
const clearly = 0.2;
/** Only where a claim repeats a sentence this closely does the place of a word say something. */
const nearlyAll = 0.75;
const window = 6;

/**
 * Whether the surroundings of a place in the claim are clearly more like those of a rival than like those of its own match. The words of all three
 * are left out: what changed places says nothing about where it belongs.
 */
function isNearer(options: {
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
function nearness(options: { claim: Analysis; place: Place; sentence: Analysis; other: Place; ignored: ReadonlySet<string> }): number {
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

/** From here on two words stand in the same place of what is said. */
const alike = 0.5;

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

function nameConflict({ claim, bearing, all, question }: Options): Conflict | null {
  for (const place of claim.names) {
    const parts = claim.words.slice(place.from, place.to);
    for (const word of parts) {
      if (all.some(({ words }) => words.some((other) => sameName(word, other)))) continue;
      const asked = question?.words.some((other) => sameName(word, other)) === true;
      // The evidence may call it "it", but not by another name.
      if (asked && !namesAnother(claim, bearing[0])) continue;
      return { kind: "name", reason: `the evidence does not mention ${word.text}` };
    }
    const holders = all.flatMap((sentence) =>
      sentence.names.filter((other) => sharesName(parts, sentence, other)).map((other) => ({ sentence, other })),
    );
    for (const { sentence } of holders) {
      if (coverageOf(claim, [sentence]) < nearlyAll) continue;
      for (const rival of sentence.names) {
        if (sharesName(parts, sentence, rival)) continue;
        if (holders.every((own) => isNearer({ claim, place, sentence, rival, own }))) {
          const said = claim.text.slice(parts[0]?.start, parts.at(-1)?.end);
          return { kind: "place", reason: `the evidence says another name than ${said} in this place` };
        }
      }
    }
  }
  return subjectConflict(claim, all);
}

function sharesName(parts: readonly Word[], { words }: Analysis, { from, to }: Place): boolean {
  return words.slice(from, to).some((other) => parts.some((word) => sameName(word, other)));
}

/** Whether a sentence names somebody or something that the claim does not. */
function namesAnother(claim: Analysis, sentence: Analysis | undefined): boolean {
  return sentence?.names.some((place) => !sharesName(claim.words, sentence, place)) === true;
}

/** `Norway pays …` where nobody mentions Norway: a first word without article before a verb of the third person is a name more often than not. */
function subjectConflict(claim: Analysis, all: readonly Analysis[]): Conflict | null {
  const first = claim.words[0];
  const second = claim.words[1];
  if (first === undefined || second === undefined || first.isStop || first.isNumber || !/^\p{Lu}\p{Ll}+$/u.test(first.text)) return null;
  if (first.lower.endsWith("s") || !/^(?:is|was|has|had|did|does|must|may|can|will|\p{Ll}+(?:s|ed))$/u.test(second.lower)) return null;
  if (all.some(({ words }) => words.some((other) => wordMatch(first, other) > 0))) return null;
  return { kind: "name", reason: `the evidence does not mention ${first.text}` };
}

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

function negationConflict({ claim, bearing, all }: Options): Conflict | null {
  const denied = headsOf(claim);
  for (const { cue, heads } of denied) {
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

function oppositeConflict({ claim, bearing }: Options): Conflict | null {
  for (const [at, word] of claim.words.entries()) {
    if (
      word.isNumber ||
      bearing.some(({ words }) => words.some((other) => other.lower === word.lower || (!word.isStop && wordMatch(word, other) > 0)))
    )
      continue;
    for (const sentence of bearing) {
      for (const [place, other] of sentence.words.entries()) {
        if (!areOpposed(word, other) || claim.negated[at] !== sentence.negated[place]) continue;
        if (claim.words.some(({ stem }) => stem === other.stem)) continue;
        const ignored = new Set([word.lower, other.lower]);
        const here = { from: at, to: at + 1 };
        if (nearness({ claim, place: here, sentence, other: { from: place, to: place + 1 }, ignored }) < alike) continue;
        return { kind: "opposite", reason: `the evidence says "${other.text}", the claim "${word.text}"` };
      }
    }
  }
  return null;
}
