import { numberTokens } from "../number-tokens.ts";
import type { QuestionProfile } from "./question-profile.ts";

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
  switch (profile.type) {
    case "quantity":
      return quantityMatch(profile, unit, terms, contextTerms);
    case "frequency":
      return frequency.test(unit) || hasNewNumber(profile, unit) ? 1 : -1;
    case "time":
      return timeMatch(profile, unit);
    case "person":
      return hasNewName(profile, unit) ? 1 : -0.5;
    case "place":
      return place.test(unit) ? 0.5 : -0.5;
    case "other":
      return 0;
  }
}

function quantityMatch(profile: QuestionProfile, unit: string, terms: readonly string[], contextTerms: ReadonlySet<string>): number {
  if (!hasNewNumber(profile, unit)) return -1;
  if (profile.counted.length > 0) return countsNoun(profile, unit, terms, contextTerms) ? 1 : -0.5;
  const measure = measures.find(([asked]) => asked.test(profile.text));
  if (measure === undefined || measure[1].test(unit)) return 1;
  return isRow(unit) ? 0 : -0.5;
}

function timeMatch(profile: QuestionProfile, unit: string): number {
  if (month.test(unit) || weekday.test(unit) || /\b(?:19|20)\d\d\b|\d{1,2}:\d{2}/u.test(unit)) return 1;
  return hasNewNumber(profile, unit) || duration.test(unit) ? 0.5 : -1;
}

function hasNewNumber(profile: QuestionProfile, unit: string): boolean {
  return numberTokens(unit).some((number) => !profile.numbers.has(number));
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
