import type { Word } from "./words.ts";

/** A number of a text with what it measures. */
export interface Quantity {
  /** Scaled by a following `million` and the like. */
  value: number;
  /** Canonical unit, and the factor that brings `value` to the base unit of its dimension; null where none was seen. */
  unit: { name: string; dimension: string; factor: number } | null;
  /** `at least` is a lower bound, `up to` an upper one. */
  bound: "lower" | "upper" | null;
  start: number;
  end: number;
  /** Places among the words, first and one past the last. */
  from: number;
  to: number;
  /** Place of the unit's word; null where it is a sign or there is none. */
  unitAt: number | null;
}

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

const units = new Map<string, { name: string; dimension: string; factor: number }>();
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

const lowerBound =
  /(?:\bat least|\bminimum(?: of)?|\bmore than|\bover|\babove|\bno (?:fewer|less) than|\bexceed(?:s|ing)?|\bgreater than|[≥>]|\bmindestens|\bmehr als)\s*$/iu;
const upperBound =
  /(?:\bat most|\bup to|\bmaximum(?: of)?|\b(?:less|fewer|lower|smaller) than|\bunder|\bbelow|\bno more than|\bnot more than|\bwithin|[≤<]|\bhöchstens|\bbis zu|\bweniger als)\s*$/iu;

/** The numbers of a text in one notation: `1,500`, `1.500` and `1500` are 1500; `14,5` is 14.5; `twenty-five` is 25; `8.9 million` is 8900000. */
export function quantitiesOf(text: string, words: readonly Word[]): Quantity[] {
  const found: Quantity[] = [];
  for (let at = 0; at < words.length;) {
    const read = readNumber(text, words, at);
    if (read === null) {
      at += 1;
      continue;
    }
    const first = words[at];
    const last = words[read.to - 1];
    if (first === undefined || last === undefined) break;
    const before = text.slice(Math.max(0, first.start - 24), first.start);
    const after = unitAfter({ text, words, at: read.to, end: last.end });
    found.push({
      value: read.value,
      unit: after?.unit ?? unitBefore(before),
      unitAt: after?.at ?? null,
      bound: lowerBound.test(before) ? "lower" : upperBound.test(before) ? "upper" : null,
      start: first.start,
      end: last.end,
      from: at,
      to: read.to,
    });
    at = read.to;
  }
  return found;
}

function readNumber(text: string, words: readonly Word[], at: number): { value: number; to: number } | null {
  const word = words[at];
  if (word === undefined) return null;
  let value: number | undefined;
  let to = at + 1;
  if (word.isNumber) {
    value = Number(normalDigits(word.text));
    if (!Number.isFinite(value)) return null;
  } else {
    value = cardinals.get(word.lower);
    const next = words[to];
    if (value !== undefined && value >= 20 && value < 100 && next !== undefined && text.slice(word.end, next.start) === "-") {
      const ones = cardinals.get(next.lower);
      if (ones !== undefined && ones >= 1 && ones <= 9) {
        value += ones;
        to += 1;
      }
    }
    // "One" is a pronoun as often as a number.
    if (value === 1 && !isUnitWord(words[to]) && !scales.has(words[to]?.lower ?? "")) return null;
    if (word.lower === "half" && !isUnitWord(words[to])) return null;
    if (value === undefined && scales.has(word.lower)) return { value: scales.get(word.lower) ?? 1, to };
  }
  if (value === undefined) return null;
  for (let scale = scales.get(words[to]?.lower ?? ""); scale !== undefined; scale = scales.get(words[to]?.lower ?? "")) {
    value *= scale;
    to += 1;
  }
  return { value, to };
}

/** The unit that a word names wherever it stands; null for letters and words that are units only behind a number. */
export function unitOf(word: Word): Quantity["unit"] {
  return ambiguous.has(word.lower) ? null : (units.get(word.lower) ?? null);
}

function isUnitWord(word: Word | undefined): boolean {
  return word !== undefined && unitOf(word) !== null;
}

/** A separator before exactly three digits groups thousands, any other is a decimal point. */
function normalDigits(text: string): string {
  return text
    .normalize("NFKC")
    .replace(/[.,’'](?=\p{Nd}{3}(?!\p{Nd}))/gu, "")
    .replace(/[,’']/gu, ".");
}

function unitAfter(options: {
  text: string;
  words: readonly Word[];
  at: number;
  end: number;
}): { unit: NonNullable<Quantity["unit"]>; at: number | null } | null {
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

function unitBefore(before: string): Quantity["unit"] {
  const sign = /([€$£])\s?$|\b(EUR|USD|GBP|NOK)\s?$/u.exec(before);
  return units.get((sign?.[1] ?? sign?.[2] ?? "").toLowerCase()) ?? null;
}

/** Equal up to the unit: one hour is 60 minutes. A missing unit on either side leaves the bare values to compare. */
export function isSameAmount(a: Quantity, b: Quantity): "same" | "other-unit" | "other-value" {
  if (a.unit !== null && b.unit !== null) {
    if (a.unit.dimension !== b.unit.dimension) return close(a.value, b.value) ? "other-unit" : "other-value";
    if (close(a.value * a.unit.factor, b.value * b.unit.factor)) return "same";
    return close(a.value, b.value) ? "other-unit" : "other-value";
  }
  return close(a.value, b.value) ? "same" : "other-value";
}

function close(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}

/** Whether a unit's word or sign stands anywhere in a text, as in a table's header. */
export function namesUnit(unit: NonNullable<Quantity["unit"]>, text: string, words: readonly Word[]): boolean {
  if (unit.name === "%" && /%|\bper ?cent\b/iu.test(text)) return true;
  if (/^[°]/u.test(unit.name) && text.includes(unit.name)) return true;
  if (/[€$£]/u.test(text)) {
    for (const [sign] of text.matchAll(/[€$£]/gu)) if (units.get(sign)?.name === unit.name) return true;
  }
  return words.some((word) => units.get(word.lower)?.name === unit.name);
}
