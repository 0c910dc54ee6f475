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

const countedNoun = /\b(?:how many|wie viele|wieviele|cu[aá]nt[oa]s|combien de)\s+(\p{L}+)/iu;

/** Reads one part of a question. `completed` is the same part with the words that it leaves out; those count as carried. */
export function profileQuestion(text: string, termsOf: TermsOf, completed: string = text): QuestionProfile {
  const degrees = new Set([...text.matchAll(degreeWord)].map((match) => match[1]?.toLowerCase() ?? ""));
  const own = ownTerms(text, termsOf, degrees);
  // With nothing of its own to go by, a question is what it carries.
  const asked = own.length === 0 ? completed : text;
  const carried = completed === text ? [] : carriedTerms(completed, termsOf, degrees).map((term) => ({ ...term, carried: asked === text }));
  const noun = countedNoun.exec(text);
  return {
    text: asked,
    type: patterns.find(([, pattern]) => pattern.test(text))?.[0] ?? "other",
    terms: distinct([...own, ...carried]),
    numbers: new Set(numberTokens(text)),
    pairs: numberedThings(text, termsOf),
    counted: noun ? termsOf(noun[1] ?? "").map(({ term }) => term) : [],
  };
}

function ownTerms(text: string, termsOf: TermsOf, degrees: ReadonlySet<string>): QuestionTerm[] {
  return termsOf(text).flatMap(({ term, start, end }) => {
    const word = text.slice(start, end);
    const lower = word.toLowerCase();
    const isCapitalised = /^\p{Lu}/u.test(word);
    if (functionWords.has(lower) || (degrees.has(lower) && !isCapitalised)) return [];
    // A capital at the beginning says nothing; in German every noun has one, which is why a key only weighs.
    const isName = isCapitalised && text.slice(0, start).trim() !== "";
    return [{ term, word: lower, key: isName || /\p{N}/u.test(word), carried: false }];
  });
}

function carriedTerms(completed: string, termsOf: TermsOf, degrees: ReadonlySet<string>): QuestionTerm[] {
  return termsOf(completed).flatMap(({ term, start, end }) => {
    const word = completed.slice(start, end).toLowerCase();
    return functionWords.has(word) || degrees.has(word) ? [] : [{ term, word, key: false, carried: true }];
  });
}

/** Each term once, as it first came. */
function distinct(terms: readonly QuestionTerm[]): QuestionTerm[] {
  const found = new Map<string, QuestionTerm>();
  for (const one of terms) if (!found.has(one.term)) found.set(one.term, one);
  return [...found.values()];
}

/** Terms with the number that stands beside them, as in `version 2`. */
function numberedThings(text: string, termsOf: TermsOf): (readonly [string, string])[] {
  const terms = termsOf(text);
  return terms.flatMap((number, at) => {
    const thing = terms[at - 1];
    if (!thing || !/^\p{N}/u.test(number.term) || /^\p{N}/u.test(thing.term)) return [];
    const areNeighbours = text.slice(thing.end, number.start).trim() === "";
    return areNeighbours && !functionWords.has(text.slice(thing.start, thing.end).toLowerCase())
      ? [[thing.term, number.term] as const]
      : [];
  });
}

/** Whether the pair of a question stands in a text as neighbours, in either order, or in one table row. */
export function holdsPair(pair: readonly [string, string], terms: readonly string[]): boolean {
  const [noun, number] = pair;
  return terms.some((term, at) => term === number && (terms[at - 1] === noun || terms[at + 1] === noun));
}
