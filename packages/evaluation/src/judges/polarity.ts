import type { Word } from "./words.ts";

const cues = new Set(
  (
    "not no never none neither nor without cannot nobody nothing nowhere hardly barely lack lacks lacked lacking fail fails failed unable absence absent " +
    "nicht kein keine keinen keinem keiner keines nie niemals ohne ni jamais sans aucun aucune nunca sin ningún ninguna"
  ).split(" "),
);

/** Words that a cue reaches behind it. */
const reach = 6;

/** For each word whether a denial reaches it: a cue at most six words before it with no comma, colon or "but" between. */
export function negatedWords(text: string, words: readonly Word[]): boolean[] {
  const flags = words.map(() => false);
  for (const [at, word] of words.entries()) {
    if (!isCue(text, words, at)) continue;
    for (let next = at + 1; next < words.length && next <= at + reach; next++) {
      const here = words[next];
      const before = words[next - 1] ?? word;
      if (here === undefined || /[,;:.!?|()]/u.test(text.slice(before.end, here.start))) break;
      if (here.lower === "but" || here.lower === "except" || here.lower === "unless") break;
      if (!isCue(text, words, next)) flags[next] = !(flags[next] ?? false);
    }
  }
  return flags;
}

/** Whether the word denies. "Not only", "no later than" and "No. 5" do not. */
export function isCue(text: string, words: readonly Word[], at: number): boolean {
  const word = words[at];
  if (word === undefined) return false;
  if (word.lower.endsWith("n't")) return true;
  if (!cues.has(word.lower)) return false;
  const next = words[at + 1];
  if (word.lower === "not") return next?.lower !== "only";
  if (word.lower === "no") {
    if (next?.isNumber && /^\.?\s*$/u.test(text.slice(word.end, next.start))) return false;
    return !(next !== undefined && /^(?:later|more|fewer|less|earlier)$/u.test(next.lower) && words[at + 2]?.lower === "than");
  }
  return true;
}

/**
 * Words that exclude each other, by their stems' beginnings: a claim with one of them is not borne out by a text that says the other in its place.
 * Each line is one opposition, its sides separated by `/`.
 */
const oppositions = [
  "increas rais higher high upregulat elevat enhanc promot induc activat more greater larger grow gain improv accelerat / decreas reduc lower low downregulat diminish inhibit suppress fewer less smaller shrink impair worsen prevent block deactivat slow declin drop",
  "before earlier / after later",
  "first / last second third",
  "minimum least / maximum most",
  "always / never sometimes rarely seldom",
  "all every each / none some few",
  "must requir obligator mandator compulsor / optional voluntar",
  "allow permit may / forbid forbidden prohibit ban disallow",
  "includ / exclud",
  "open / clos shut",
  "start begin began / end stop finish",
  "on / off",
  "same equal identical / differ unequal",
  "positiv / negativ",
  "support / oppos contradict",
  "accept / reject refus declin",
  "win won / lose lost",
  "north / south",
  "east / west",
  "left / right",
  "internal / external",
  "inside indoor / outside outdoor",
  "domestic / abroad foreign international",
  "up upward above / down downward below",
  "early / late",
  "old / new young",
  "buy bought / sell sold",
  "import / export",
  "present / absent",
  "daily / weekly monthly yearly annual quarterly hourly",
  "monthly / weekly yearly annual quarterly",
  "success / fail",
  "safe / dangerous unsafe",
  "enabl / disabl",
  "public / private",
  "agonist / antagonist",
  "benefici protect / harmful detrimental",
  "men man male / women woman female",
  "full-time full / part-time part",
  "direct / indirect",
  "strong / weak",
  "hot warm / cold cool",
  "dry / wet",
];

const sides = new Map<string, { opposition: number; side: number }[]>();
for (const [opposition, line] of oppositions.entries()) {
  for (const [side, stems] of line.split(" / ").entries()) {
    for (const stem of stems.split(" ")) sides.set(stem, [...(sides.get(stem) ?? []), { opposition, side }]);
  }
}

/** The opposition sides of a word, looked up by the word, its stem and beginnings of at least five letters. */
export function sidesOf(word: Word): { opposition: number; side: number }[] {
  for (const key of [word.lower, word.stem]) {
    const found = sides.get(key);
    if (found !== undefined) return found;
  }
  for (let length = word.lower.length - 1; length >= 5; length--) {
    const found = sides.get(word.lower.slice(0, length));
    if (found !== undefined) return found;
  }
  return [];
}

/** Whether two words exclude each other: by the list above, or as `safe` and `unsafe`, `valid` and `invalid`. */
export function areOpposed(a: Word, b: Word): boolean {
  if (a.stem === b.stem) return false;
  for (const one of sidesOf(a)) {
    for (const other of sidesOf(b)) if (one.opposition === other.opposition && one.side !== other.side) return true;
  }
  const [short, long] = a.stem.length < b.stem.length ? [a.stem, b.stem] : [b.stem, a.stem];
  return short.length >= 4 && ["un", "in", "im", "non", "dis", "ir", "il"].some((prefix) => long === `${prefix}${short}`);
}

const names = "january february march april may june july august september october november december".split(" ");
const short = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const days = "monday tuesday wednesday thursday friday saturday sunday".split(" ");

/** Months and days of the week, which exclude each other within their kind; null for any other word. `May` and `March` need their capital. */
export function calendarName(word: Word): string | null {
  const isCapital = /^\p{Lu}/u.test(word.text);
  const lower = word.lower.replace(/'s$/u, "");
  const day = days.findIndex((name) => lower === name || lower === `${name}s`);
  if (day >= 0) return `day ${day + 1}`;
  if (!isCapital) return null;
  const at = names.indexOf(lower);
  const month = at >= 0 ? at : short.indexOf(lower === "sept" ? "sep" : lower);
  return month >= 0 ? `month ${month + 1}` : null;
}
