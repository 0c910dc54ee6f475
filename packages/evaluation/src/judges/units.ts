import type { Word } from "./words.ts";

export interface Unit {
  /** Canonical name. */
  name: string;
  dimension: string;
  /** Brings a value to the base unit of its dimension. */
  factor: number;
}

const units = new Map<string, Unit>();
function define(dimension: string, rows: readonly (readonly [string, number, string])[]): void {
  for (const [name, factor, spellings] of rows)
    for (const spelling of spellings.split(" ")) units.set(spelling, { name, dimension, factor });
}
define("time", [
  ["ms", 1e-3, "ms millisecond milliseconds"],
  ["s", 1, "s sec secs second seconds sekunde sekunden"],
  ["min", 60, "min mins minute minutes minuten"],
  ["h", 3600, "h hr hrs hour hours stunde stunden"],
  ["day", 86_400, "day days tag tage tagen"],
  ["week", 604_800, "week weeks woche wochen"],
]);
// A month has no fixed number of days.
define("calendar", [
  ["month", 1, "month months monat monate monaten"],
  ["quarter", 3, "quarter quarters"],
  ["year", 12, "year years yr yrs jahr jahre jahren"],
  ["decade", 120, "decade decades"],
  ["century", 1200, "century centuries"],
]);
define("length", [
  ["nm", 1e-9, "nm nanometre nanometres nanometer nanometers"],
  ["um", 1e-6, "µm μm um micrometre micrometres micrometer micrometers"],
  ["mm", 1e-3, "mm millimetre millimetres millimeter millimeters"],
  ["cm", 1e-2, "cm centimetre centimetres centimeter centimeters"],
  ["m", 1, "m metre metres meter meters"],
  ["km", 1e3, "km kilometre kilometres kilometer kilometers"],
  ["inch", 0.0254, "inch inches"],
  ["foot", 0.3048, "ft foot feet"],
  ["mile", 1609.344, "mile miles"],
]);
define("mass", [
  ["ug", 1e-6, "µg μg ug microgram micrograms"],
  ["mg", 1e-3, "mg milligram milligrams"],
  ["g", 1, "g gram grams"],
  ["kg", 1e3, "kg kilo kilos kilogram kilograms"],
  ["t", 1e6, "tonne tonnes ton tons"],
  ["pound", 453.592, "lb lbs"],
]);
define("volume", [
  ["ml", 1e-3, "ml millilitre millilitres milliliter milliliters"],
  ["l", 1, "l litre litres liter liters"],
]);
define("data", [
  ["B", 1, "byte bytes"],
  ["kB", 1e3, "kb kilobyte kilobytes"],
  ["MB", 1e6, "mb megabyte megabytes"],
  ["GB", 1e9, "gb gigabyte gigabytes"],
  ["TB", 1e12, "tb terabyte terabytes"],
]);
define("share", [["%", 1, "% percent prozent"]]);
define("temperature", [
  ["°C", 1, "°c celsius"],
  ["°F", 2, "°f fahrenheit"],
]);
define("euro", [["euro", 1, "€ euro euros eur"], ["cent", 0.01, "cent cents"]]); // prettier-ignore
define("dollar", [["dollar", 1, "$ dollar dollars usd"]]);
define("pound", [["pound", 1, "£ pound pounds gbp"]]);
define("krone", [["krone", 1, "nok krone kroner kronor"]]);
define("electric", [["V", 1, "v volt volts"], ["kV", 1e3, "kv kilovolt kilovolts"]]); // prettier-ignore
define("power", [["W", 1, "w watt watts"], ["kW", 1e3, "kw kilowatt kilowatts"], ["MW", 1e6, "mw megawatt megawatts"]]); // prettier-ignore
define("frequency", [["Hz", 1, "hz hertz"], ["kHz", 1e3, "khz"], ["MHz", 1e6, "mhz"], ["GHz", 1e9, "ghz"]]); // prettier-ignore
define("pressure", [["bar", 1, "bar"], ["hPa", 1e-3, "hpa"]]); // prettier-ignore
define("people", [["person", 1, "person persons people"]]);

/** Words that are units only behind a number: elsewhere they are letters, pronouns and verbs. */
const ambiguous = new Set("s m h g l t b v w min bar".split(" "));

/** The unit that a word names wherever it stands; null for letters and words that are units only behind a number. */
export function unitOf(word: Word): Unit | null {
  return ambiguous.has(word.lower) ? null : (units.get(word.lower) ?? null);
}

/** The sign or word of a unit behind a number, with the word's place. */
export function unitAfter(options: {
  text: string;
  words: readonly Word[];
  at: number;
  end: number;
}): { unit: Unit; at: number | null } | null {
  const { text, words, at, end } = options;
  const sign = /^\s?(%|°\s?[CF]\b|€|\$|£|[µμ]m\b|[µμ]g\b|per ?cent\b)/iu.exec(text.slice(end, end + 10))?.[1];
  if (sign !== undefined) {
    const key = sign.toLowerCase().replace(/\s/gu, "");
    const unit = units.get(key === "percent" ? "%" : key);
    return unit === undefined ? null : { unit, at: null };
  }
  const next = words[at];
  if (next === undefined || /[.;:!?|]/u.test(text.slice(end, next.start))) return null;
  const direct = units.get(next.lower);
  if (direct !== undefined) return { unit: direct, at };
  // "five working days", "three full years".
  const second = words[at + 1];
  if (second === undefined || next.isNumber || next.isStop || /[^\s-]/u.test(text.slice(next.end, second.start))) return null;
  const later = unitOf(second);
  return later === null ? null : { unit: later, at: at + 1 };
}

/** The sign or code of a currency before a number. */
export function unitBefore(before: string): Unit | null {
  const sign = /([€$£])\s?$|\b(EUR|USD|GBP|NOK)\s?$/u.exec(before);
  return units.get((sign?.[1] ?? sign?.[2] ?? "").toLowerCase()) ?? null;
}

/** Whether a unit's word or sign stands anywhere in a text, as in a table's header. */
export function namesUnit(unit: Unit, text: string, words: readonly Word[]): boolean {
  if (unit.name === "%" && /%|\bper ?cent\b/iu.test(text)) return true;
  if (/^[°]/u.test(unit.name) && text.includes(unit.name)) return true;
  if (/[€$£]/u.test(text)) {
    for (const [sign] of text.matchAll(/[€$£]/gu)) if (units.get(sign)?.name === unit.name) return true;
  }
  return words.some((word) => units.get(word.lower)?.name === unit.name);
}
