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

const widthOf = (codePoint: number) => (codePoint > 0xffff ? 2 : 1);

/**
 * Cuts a text into tokens in one pass, without a regular expression over the text: time is linear in its length whatever
 * it holds. A comma or full stop between two digits belongs to the number; every other punctuation, apostrophes and
 * hyphens included, separates.
 */
export function* tokenize(text: string): Generator<Token> {
  let at = 0;
  while (at < text.length) {
    const first = text.codePointAt(at) ?? 0;
    const kind = classOf(first);
    if (kind === separator || kind === ignorable) {
      at += widthOf(first);
      continue;
    }
    const { token, hasContent } = kind === dense ? denseRunAt(text, at) : wordAt(text, at);
    if (hasContent) yield token;
    at = token.end;
  }
}

interface Run {
  token: Token;
  /** False for underscores and marks that no letter or digit goes with. */
  hasContent: boolean;
}

/** The run of a script without spaces that begins at `start`. */
function denseRunAt(text: string, start: number): Run {
  const limit = Math.min(text.length, start + maxTokenLength * 8);
  let end = start;
  while (end < limit) {
    const next = text.codePointAt(end) ?? 0;
    const kind = classOf(next);
    if (kind !== dense && kind !== ignorable) break;
    end += widthOf(next);
  }
  return { token: { start, end, type: "dense", compound: false, numberGroups: 1 }, hasContent: true };
}

/** The word or number that begins at `start`. */
function wordAt(text: string, start: number): Run {
  const limit = Math.min(text.length, start + maxTokenLength - 1);
  let end = start;
  let previous = separator;
  let hasContent = false;
  let compound = false;
  let numberGroups = 1;
  while (end < limit) {
    const next = text.codePointAt(end) ?? 0;
    const kind = classOf(next);
    if (kind === dense) break;
    if (kind === separator) {
      if (previous !== digit || !joinsDigits(text, end)) break;
      numberGroups += 1;
    }
    if (kind === letter || kind === upper || kind === digit) hasContent = true;
    if (end > start && (kind === connector || kind === upper)) compound = true;
    if (kind !== ignorable && kind !== mark) previous = kind;
    end += widthOf(next);
  }
  return { token: { start, end, type: "word", compound, numberGroups }, hasContent };
}

/** Whether a comma or full stop stands at `at` with a digit after it. */
function joinsDigits(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return (unit === 0x2c || unit === 0x2e) && at + 1 < text.length && classOf(text.codePointAt(at + 1) ?? 0) === digit;
}

const isUpper = (char: string) => /^\p{Lu}/u.test(char);
const isLower = (char: string) => /^[\p{Ll}\p{Lo}\p{M}]/u.test(char);

/**
 * The words inside an identifier, as spans within it: cut at underscores, between a lower-case letter or digit and an
 * upper-case letter, and before the last capital of a run (`HTTPServer` → `HTTP`, `Server`). A plural `s` after capitals
 * (`RNAs`) is no cut, and single letters are no words. Empty when there is nothing to cut.
 */
export function splitIdentifier(word: string): { start: number; end: number }[] {
  const cuts = cutsOf(word);
  if (cuts.length === 0) return [];
  return [0, ...cuts].flatMap((start, at) => {
    const end = cuts[at] ?? word.length;
    return isWordAlone(word.slice(start, end)) ? [{ start, end }] : [];
  });
}

/** Where the words of an identifier begin, but for the first. */
function cutsOf(word: string): number[] {
  const chars = Array.from(word);
  const cuts: number[] = [];
  let offset = chars[0]?.length ?? 0;
  for (const [at, char] of chars.entries()) {
    if (at === 0) continue;
    if (beginsWord(chars, at)) cuts.push(offset);
    offset += char.length;
  }
  return cuts;
}

function beginsWord(chars: readonly string[], at: number): boolean {
  const [previous = "", current = "", next = "", afterNext = ""] = chars.slice(at - 1, at + 3);
  if (previous === "_" || current === "_") return true;
  if (!isUpper(current)) return false;
  if (!isUpper(previous)) return true;
  const isPlural = next === "s" && !isLower(afterNext);
  return isLower(next) && !isPlural;
}

const isWordAlone = (part: string) => !part.includes("_") && (part.length >= 2 || /\p{N}/u.test(part));
