import { numberTokens } from "../number-tokens.ts";
import type { TermsOf } from "../terms.ts";

export type AnswerType = "person" | "time" | "quantity" | "frequency" | "place" | "other";

export interface QuestionTerm {
  term: string;
  word: string;
  key: boolean;
  /** Taken over from the question before: it says what is talked about, not what is asked. */
  carried: boolean;
}

/** What a question asks for, and the words that its answer must have to do with. */
export interface QuestionProfile {
  text: string;
  type: AnswerType;
  /** Distinct content terms as the analyzer makes them. `key`: a name or a number, without which a sentence is about something else. */
  terms: QuestionTerm[];
  numbers: ReadonlySet<string>;
  /** Neighbouring terms of which the second is a number (`version 2`, `status 409`): one thing, which a unit has whole or not at all. */
  pairs: readonly (readonly [string, string])[];
  /** `how many stations`: the terms of the counted noun. */
  counted: readonly string[];
}

const functionWords = new Set(
  (
    "a an the and or but of to in on at by for from with as into about than then per via during between within after before since until upon " +
    "is are was were be been being am do does did done has have had having will would can could may might must shall should need needs get gets " +
    "what which who whom whose when where why how it its they them their this that these those there here i we you he she my our your his her me us " +
    "if so not no any some all every each much many often long please tell happen happens mean means kind sort type exactly give say says know " +
    // German, French, Spanish, Italian, Dutch, Portuguese: for sources in a language that is not the question's.
    "der die das den dem des ein eine einer eines einem einen und oder von vom zu zum zur im in am an auf für mit bei aus nach über unter ist sind war " +
    "waren wird werden wurde hat haben kann können muss müssen soll darf wie was wer wen wem wann wo warum wieso welche welcher welches welchen viel viele " +
    "wieviel lange oft es er sie ich wir man nicht le la les un une des du de et ou à au aux en dans sur pour par avec est sont était quel quelle quels " +
    "quelles qui que quoi quand où comment combien pourquoi il elle on el los las una unos unas del y o al con por para es son era qué quién cuál cuándo " +
    "dónde cómo cuánto cuánta cuántos cuántas lo gli i uno della dello dei che chi quando dove come quanto quale het een van op met voor zijn wat wie waar hoe " +
    "veel um uma os as do da dos das em no na nos com é são quem qual onde"
  ).split(" "),
);

const patterns: [AnswerType, RegExp][] = [
  ["frequency", /\bhow (?:often|frequently|regularly)\b|\bwie oft\b|\bhow many times\b/iu],
  [
    "quantity",
    /\bhow (?:many|much|long|large|big|high|tall|far|old|heavy|fast|deep|wide|quickly|soon|late|early|hot|cold|loud|strong)\b|\bwie (?:viele?|lange|hoch|gro(?:ß|ss)|schwer|weit|alt|tief|breit|schnell)\b|\bwieviele?\b|\bcombien\b|\bcu[aá]nt[oa]s?\b|\b(?:what|which) (?:percentage|share|temperature|height|weight|length|width|size|age|speed|number|amount|price|cost|distance|capacity|voltage|limit)\b|\b(?:minimum|maximum|average|total)\b/iu,
  ],
  ["person", /\b(?:who|whom|whose)\b|\b(?:wer|wen|wem)\b|\bquién\b/iu],
  ["time", /\bwhen\b|\b(?:what|which) (?:day|date|time|year|month|week|hours?)\b|\bwann\b|\bcu[aá]ndo\b|\bquand\b/iu],
  ["place", /\bwhere\b|\bwo\b|\bd[oó]nde\b|\boù\b/iu],
];
const degreeWord = /\b(?:how|wie)\s+(\p{L}+)/giu;

/** Reads one part of a question. `completed` is the same part with the words that it leaves out; those count as carried. */
export function profileQuestion(text: string, termsOf: TermsOf, completed: string = text): QuestionProfile {
  const degrees = new Set([...text.matchAll(degreeWord)].map((match) => match[1]?.toLowerCase() ?? ""));
  const found = new Map<string, QuestionTerm>();
  for (const { term, start, end } of termsOf(text)) {
    const word = text.slice(start, end);
    const lower = word.toLowerCase();
    if (functionWords.has(lower) || (degrees.has(lower) && !/^\p{Lu}/u.test(word))) continue;
    // A capital at the beginning says nothing; in German every noun has one, which is why a key only weighs.
    const isName = /^\p{Lu}/u.test(word) && text.slice(0, start).trim() !== "";
    const key = isName || /\p{N}/u.test(word);
    if (!found.has(term)) found.set(term, { term, word: lower, key, carried: false });
  }
  // With nothing of its own to go by, a question is what it carries.
  const asked = found.size === 0 ? completed : text;
  if (completed !== text) {
    for (const { term, start, end } of termsOf(completed)) {
      const word = completed.slice(start, end).toLowerCase();
      if (!functionWords.has(word) && !degrees.has(word) && !found.has(term)) {
        found.set(term, { term, word, key: false, carried: asked === text });
      }
    }
  }
  const type = patterns.find(([, pattern]) => pattern.test(text))?.[0] ?? "other";
  const all = termsOf(text);
  const pairs: (readonly [string, string])[] = [];
  for (const [index, second] of all.entries()) {
    const first = all[index - 1];
    if (!first || !/^\p{N}/u.test(second.term) || /^\p{N}/u.test(first.term)) continue;
    if (text.slice(first.end, second.start).trim() === "" && !functionWords.has(text.slice(first.start, first.end).toLowerCase())) {
      pairs.push([first.term, second.term]);
    }
  }
  const noun = countedNoun.exec(text);
  const counted = noun ? termsOf(noun[1] ?? "").map(({ term }) => term) : [];
  return { text: asked, type, terms: [...found.values()], numbers: new Set(numberTokens(text)), pairs, counted };
}

const countedNoun = /\b(?:how many|wie viele|wieviele|cu[aá]nt[oa]s|combien de)\s+(\p{L}+)/iu;

/** Whether the pair of a question stands in a text as neighbours, in either order, or in one table row. */
export function holdsPair(pair: readonly [string, string], terms: readonly string[]): boolean {
  const [noun, number] = pair;
  return terms.some((term, at) => term === number && (terms[at - 1] === noun || terms[at + 1] === noun));
}

/** Units of measurement by the words that ask for them; the first that fits counts. */
const measures: [RegExp, RegExp][] = [
  [/\bhow heavy\b|\bweighs?\b|\bweight\b|\bschwer\b|\bwiegt\b/iu, /\b(?:kg|g|kilograms?|grams?|tonnes?|lbs?|pounds?|kilo)\b/iu],
  [
    /\b(?:cost|costs|price|prices|fee|fees|fine|salary|budget|pay|paid|deposit|allowance|spend|spent|revenue|profit|expensive|kostet|preis|gehalt)\b/iu,
    /[€$£¥]|\b(?:euros?|eur|usd|dollars?|pounds?|cents?|francs?|kroner?|million|free)\b/iu,
  ],
  [/\btemperature\b|\bhow (?:hot|cold|warm)\b|\btemperatur\b/iu, /°|\b(?:degrees|celsius|fahrenheit|grad)\b/iu],
  [/\bhow fast\b|\bspeed\b/iu, /\/h|\/s|\b(?:per (?:second|minute|hour)|knots|mph|rpm)\b/iu],
  [
    /\bhow (?:high|tall|deep|wide|far)\b|\b(?:height|width|depth|distance)\b|\bwie (?:hoch|breit|tief|weit)\b/iu,
    /\b(?:mm|cm|m|km|met(?:re|er)s?|centimet(?:re|er)s?|millimet(?:re|er)s?|kilomet(?:re|er)s?|feet|inch(?:es)?|euros?|eur|per cent)\b|[%€$]/iu,
  ],
  [
    /\bhow (?:long|soon|quickly|late|early|old)\b|\bage\b|\bwie (?:lange|alt)\b/iu,
    /\b(?:seconds?|minutes?|hours?|days?|weeks?|months?|quarters?|years?|mm|cm|m|km|met(?:re|er)s?|digits?|characters?|pages?|sekunden?|minuten?|stunden?|tage?n?|wochen?|monate?n?|jahre?n?)\b/iu,
  ],
  [/\bpercentage\b|\bshare\b|\bby how much\b/iu, /%|\bper ?cent\b|\bprozent\b/iu],
];

// Capitals only: "may" is a verb and "main" no month.
const month =
  /\b(?:Jan(?:uary|uar)?|Feb(?:ruary|ruar)?|Mar(?:ch)?|März|Apr(?:il)?|May|Mai|June?|Juni|July?|Juli|Aug(?:ust)?|Sept?(?:ember)?|O[ck]t(?:ober)?|Nov(?:ember)?|De[cz](?:ember)?)\b/u;
const weekday = /\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)s?\b/iu;
const duration =
  /\b(?:within|after|before|until|since|during|week|month|quarter|year|day|hour|morning|noon|midnight|spring|summer|autumn|winter)s?\b/iu;
const frequency =
  /\b(?:every|each|daily|weekly|monthly|quarterly|yearly|annually|hourly|once|twice|times|jede[nrs]?|täglich|wöchentlich|monatlich|jährlich)\b/iu;
const place = /\b(?:in|at|on|near|under|behind|beside|opposite|inside|level|floor|street|room|building|im|am|auf|bei|neben)\b/iu;

/** Whether a unit holds what the question's type asks for: 1 yes, −1 no, 0 the type says nothing. */
export function typeMatch(
  profile: QuestionProfile,
  unit: string,
  terms: readonly string[] = [],
  contextTerms: ReadonlySet<string> = new Set(),
): number {
  const newNumber = () => numberTokens(unit).some((number) => !profile.numbers.has(number));
  switch (profile.type) {
    case "quantity": {
      if (!newNumber()) return -1;
      if (profile.counted.length > 0) return countsNoun(profile, unit, terms, contextTerms) ? 1 : -0.5;
      const measure = measures.find(([asked]) => asked.test(profile.text));
      return measure === undefined || measure[1].test(unit) ? 1 : isRow(unit) ? 0 : -0.5;
    }
    case "frequency":
      return frequency.test(unit) || newNumber() ? 1 : -1;
    case "time":
      return month.test(unit) || weekday.test(unit) || /\b(?:19|20)\d\d\b|\d{1,2}:\d{2}/u.test(unit)
        ? 1
        : newNumber() || duration.test(unit)
          ? 0.5
          : -1;
    case "person":
      return hasNewName(profile, unit) ? 1 : -0.5;
    case "place":
      return place.test(unit) ? 0.5 : -0.5;
    case "other":
      return 0;
  }
}

const isRow = (unit: string) => /\S\s*\|\s*\S/u.test(unit);

/** `28 days of holiday`: a number at most two words before the noun, or a table row under or beside a cell that names it. */
function countsNoun(profile: QuestionProfile, unit: string, terms: readonly string[], contextTerms: ReadonlySet<string>): boolean {
  if (isRow(unit)) return profile.counted.some((noun) => terms.includes(noun) || contextTerms.has(noun));
  return terms.some(
    (term, at) => profile.counted.includes(term) && terms.slice(Math.max(0, at - 2), at).some((near) => numberTokens(near).length > 0),
  );
}

function hasNewName(profile: QuestionProfile, unit: string): boolean {
  const asked = profile.text.toLowerCase();
  for (const match of unit.matchAll(/\p{Lu}[\p{Ll}\p{M}'’-]+/gu)) {
    if (match.index === 0 && !/^\p{Lu}\S*\s+\p{Lu}/u.test(unit)) continue;
    if (!asked.includes(match[0].toLowerCase())) return true;
  }
  return false;
}
