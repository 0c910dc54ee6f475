/** A run of characters that is indexed, with its span in UTF-16 code units. */
export interface Token {
  start: number;
  end: number;
  /** `word`: letters, digits, marks, underscores. `dense`: a script without spaces between words (Han, kana, Thai, Lao, Khmer, Myanmar). */
  type: "word" | "dense";
  /** The token may be several words in one (`snake_case`, `camelCase`). */
  compound: boolean;
  /** Groups of a number such as `14,5` or `10.0.0.1`; 1 for everything else. */
  numberGroups: number;
}

/** Longer runs are cut here, so that no later step meets an unbounded word. */
export const maxTokenLength = 128;

const separator = 0;
const letter = 1;
const upper = 2;
const digit = 3;
const mark = 4;
const connector = 5;
const ignorable = 6;
const dense = 7;

const denseScripts = /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmr}\p{scx=Mymr}]/u;

function classify(codePoint: number): number {
  const char = String.fromCodePoint(codePoint);
  if (char === "_") return connector;
  // Soft hyphen, joiners, direction marks, variation selectors: inside a word they are not there. A zero-width space separates.
  if (codePoint !== 0x200b && /\p{Default_Ignorable_Code_Point}/u.test(char)) return ignorable;
  if (/[\p{L}\p{M}\p{N}]/u.test(char)) {
    if (denseScripts.test(char) && !/\p{N}/u.test(char)) return dense;
    if (/\p{N}/u.test(char)) return digit;
    if (/\p{M}/u.test(char)) return mark;
    return /\p{Lu}/u.test(char) ? upper : letter;
  }
  return separator;
}

/** Classes of the Basic Multilingual Plane, a page of 256 at a time, made when first met. */
const pages: (Uint8Array | undefined)[] = Array.from({ length: 256 });
function classOf(codePoint: number): number {
  if (codePoint > 0xffff) return classify(codePoint);
  let page = pages[codePoint >> 8];
  if (!page) {
    page = new Uint8Array(256);
    const base = codePoint & 0xff00;
    for (let i = 0; i < 256; i++) page[i] = classify(base | i);
    pages[codePoint >> 8] = page;
  }
  return page[codePoint & 0xff] ?? separator;
}

const isSeparatorInNumber = (unit: number) => unit === 0x2c || unit === 0x2e;

/**
 * Cuts a text into tokens in one pass, without a regular expression over the text: time is linear in its length whatever
 * it holds. A comma or full stop between two digits belongs to the number; every other punctuation, apostrophes and
 * hyphens included, separates.
 */
export function* tokenize(text: string): Generator<Token> {
  const length = text.length;
  let at = 0;
  while (at < length) {
    const first = text.codePointAt(at) ?? 0;
    const firstClass = classOf(first);
    const width = first > 0xffff ? 2 : 1;
    if (firstClass === separator || firstClass === ignorable) {
      at += width;
      continue;
    }
    const start = at;
    let previous = firstClass;
    let content = firstClass !== connector && firstClass !== mark;
    let compound = false;
    let numberGroups = 1;
    at += width;
    if (firstClass === dense) {
      while (at < length && at - start < maxTokenLength * 8) {
        const next = text.codePointAt(at) ?? 0;
        const nextClass = classOf(next);
        if (nextClass !== dense && nextClass !== ignorable) break;
        at += next > 0xffff ? 2 : 1;
      }
      yield { start, end: at, type: "dense", compound: false, numberGroups: 1 };
      continue;
    }
    while (at < length && at - start < maxTokenLength - 1) {
      const next = text.codePointAt(at) ?? 0;
      const nextClass = classOf(next);
      if (nextClass === dense) break;
      if (nextClass === separator) {
        if (previous !== digit || !isSeparatorInNumber(next) || at + 1 >= length) break;
        if (classOf(text.codePointAt(at + 1) ?? 0) !== digit) break;
        numberGroups += 1;
        previous = separator;
        at += 1;
        continue;
      }
      if (nextClass === connector || nextClass === upper) compound = true;
      if (nextClass !== connector && nextClass !== mark && nextClass !== ignorable) content = true;
      if (nextClass !== ignorable && nextClass !== mark) previous = nextClass;
      at += next > 0xffff ? 2 : 1;
    }
    if (content) yield { start, end: at, type: "word", compound, numberGroups };
  }
}

const isUpper = (char: string) => /^\p{Lu}/u.test(char);
const isLower = (char: string) => /^[\p{Ll}\p{Lo}\p{M}]/u.test(char);

/**
 * The words inside an identifier, as spans within it: cut at underscores, between a lower-case letter or digit and an
 * upper-case letter, and before the last capital of a run (`HTTPServer` → `HTTP`, `Server`). A plural `s` after capitals
 * (`RNAs`) is no cut, and single letters are no words. Empty when there is nothing to cut.
 */
export function splitIdentifier(word: string): { start: number; end: number }[] {
  const chars = Array.from(word);
  const cuts: number[] = [0];
  const offsets: number[] = [];
  let offset = 0;
  for (const char of chars) {
    offsets.push(offset);
    offset += char.length;
  }
  for (let i = 1; i < chars.length; i++) {
    const previous = chars[i - 1] ?? "";
    const current = chars[i] ?? "";
    const next = chars[i + 1] ?? "";
    const afterNext = chars[i + 2] ?? "";
    const here = offsets[i] ?? 0;
    if (previous === "_" || current === "_") cuts.push(here);
    else if (!isUpper(previous) && isUpper(current)) cuts.push(here);
    else if (isUpper(previous) && isUpper(current) && isLower(next) && !(next === "s" && !isLower(afterNext))) cuts.push(here);
  }
  if (cuts.length === 1) return [];
  cuts.push(word.length);
  const parts: { start: number; end: number }[] = [];
  for (let i = 0; i + 1 < cuts.length; i++) {
    const start = cuts[i] ?? 0;
    const end = cuts[i + 1] ?? 0;
    const part = word.slice(start, end);
    if (part.includes("_") || (part.length < 2 && !/\p{N}/u.test(part))) continue;
    parts.push({ start, end });
  }
  return parts;
}
