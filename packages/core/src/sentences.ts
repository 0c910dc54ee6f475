import type { Span } from "./span.ts";

/** Abbreviations that are never a sentence's last word. Lower case, without the final full stop. */
const beforeAnything = new Set(
  (
    "mr mrs ms mx dr prof st mt gen col sgt capt lt cmdr rev hon gov sen rep pres supt messrs mme mlle vs e.g i.e eg ie cf viz approx ca " +
    "resp incl excl hr fr bzw z.b d.h u.a vgl evtl ggf usw sra srta"
  ).split(" "),
);

/** Abbreviations that stand before a number; before a word they may well end a sentence ("No."). */
const beforeNumber = new Set(
  (
    "no nos nr p pp s fig figs eq eqs sec secs ch chap vol art para par tab ver v app ext tel lit abs ziff kap abb bd jan feb mar apr jun jul " +
    "aug sep sept oct nov dec"
  ).split(" "),
);

/** Words that open a sentence far more often than they follow an initial or "U.S.". */
const openers = new Set(
  (
    "The This That These Those It Its In On At By For From If When While After Before As A An And But Or So Yet He She They We You I " +
    "There Here However Then Thus Therefore Our Your His Her Their My No Not All Any Each Every Some What Why How Who Where"
  ).split(" "),
);

const wide = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303F\uFF00-\uFFEF]/u;
const listMarker = /^[ \t]*(?:[-*+•‣◦▪–]|\d{1,3}[.)]|[a-zA-Z][.)]|[|#>])(?:[ \t]|$)/u;
const onlyMarker = /^\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]$/u;

/** Lines shorter than this are taken for lines of their own: nobody wraps prose so narrowly. */
const narrowestWrap = 40;

/**
 * The sentences of a text, in order, without the white space around them; every non-blank character lies in exactly
 * one. A blank line always ends a sentence; a single line break does unless the line looks wrapped. Abbreviations,
 * initials, decimals, ordinals and URLs do not. Time is linear in the length of the text.
 *
 * `language` is a BCP 47 primary subtag; it chooses the segmenter's locale. Default `en`.
 */
export function splitSentences(text: string, options: { language?: string | null } = {}): Span[] {
  const language = options.language ?? "en";
  const segmenter = sentenceSegmenter(language);
  const sentences: Span[] = [];
  for (const line of logicalLines(text)) {
    const first = sentences.length;
    // Soft line breaks become blanks, else the segmenter ends a sentence at each.
    const flat = text.slice(line.start, line.end).replace(/[\n\r\u0085\u2028\u2029]/gu, " ");
    for (const { index, segment } of segmenter.segment(flat)) {
      const span = trimmed(text, line.start + index, line.start + index + segment.length);
      if (span === null) continue;
      const last = sentences.length > first ? sentences[sentences.length - 1] : undefined;
      if (last !== undefined && continues(text, last, span, language)) last.end = span.end;
      else sentences.push(span);
    }
  }
  return sentences;
}

function sentenceSegmenter(language: string): Intl.Segmenter {
  try {
    return new Intl.Segmenter(language, { granularity: "sentence" });
  } catch {
    // A document may claim a malformed language; the root rules serve every script.
    return new Intl.Segmenter("und", { granularity: "sentence" });
  }
}

/** Lines with the wrapped ones joined: what can hold a sentence. */
function logicalLines(text: string): Span[] {
  const result: Span[] = [];
  let paragraph: Span[] = [];
  const flush = () => {
    const width = paragraph.reduce((longest, line) => Math.max(longest, line.end - line.start), narrowestWrap);
    let current: Span | null = null;
    let previous: Span | null = null;
    for (const line of paragraph) {
      if (current !== null && previous !== null && isSoftBreak(text, previous, line, width)) current.end = line.end;
      else {
        current = { start: line.start, end: line.end };
        result.push(current);
      }
      previous = line;
    }
    paragraph = [];
  };
  let start = 0;
  while (start <= text.length) {
    const at = text.indexOf("\n", start);
    const end = at < 0 ? text.length : at;
    const line = trimmed(text, start, end);
    if (line === null) flush();
    else paragraph.push(line);
    start = end + 1;
  }
  flush();
  return result;
}

/** A break is soft when the next line's first word would not have fitted, or when the next line goes on in lower case. */
function isSoftBreak(text: string, previous: Span, next: Span, width: number): boolean {
  if (listMarker.test(text.slice(next.start, next.start + 8))) return false;
  const last = text.charAt(previous.end - 1);
  if (".!?:;|。！？".includes(last)) return previous.end - previous.start >= narrowestWrap && last !== "|" && last !== ":";
  if (/^\p{Ll}/u.test(text.slice(next.start, next.start + 2))) return true;
  const word = /^\S{1,60}/u.exec(text.slice(next.start, Math.min(next.end, next.start + 60)))?.[0].length ?? 0;
  return previous.end - previous.start + 1 + word > width;
}

/** Whether the boundary that the segmenter saw between two spans is none. */
function continues(text: string, previous: Span, next: Span, language: string): boolean {
  const before = lastWord(text, previous);
  const following = text.slice(next.start, Math.min(next.end, next.start + 40));
  // Punctuation alone is the tail of what came before: closing marks, ellipses, footnote daggers.
  if (!/[\p{L}\p{N}\p{S}]/u.test(next.end - next.start > 40 ? "x" : following)) return true;
  const final = text.charAt(previous.end - 1);
  // Without white space between, an ASCII mark belongs to a URL, a version or a path.
  if (previous.end === next.start && /[.!?]/u.test(final) && !wide.test(following.charAt(0))) return true;
  if (onlyMarker.test(text.slice(previous.start, Math.min(previous.end, previous.start + 8)))) return true;
  if (final !== ".") return false;
  const word = before.replace(/^[("'“‘[]+/u, "").slice(0, -1);
  const lower = word.toLowerCase();
  if (beforeAnything.has(lower)) return true;
  const startsWithDigit = /^\p{Nd}/u.test(following);
  if (startsWithDigit && beforeNumber.has(lower)) return true;
  if (language === "de" && /^\d{1,2}$/u.test(word)) return true;
  const opener = openers.has(/^[\p{L}]+/u.exec(following)?.[0] ?? "");
  if (opener) return false;
  if (/^(?:\p{L}\.)+\p{L}$/u.test(word)) return true;
  return /^\p{Lu}$/u.test(word) && word !== "I" && followsName(text, previous);
}

/** True when what stands before the final initial is a capitalised word, another initial or nothing. */
function followsName(text: string, span: Span): boolean {
  const head = text.slice(Math.max(span.start, span.end - 40), span.end).trimEnd();
  const at = head.search(/\S+$/u);
  const rest = head.slice(0, Math.max(at, 0)).trimEnd();
  return rest === "" || /(?:^|\s)\p{Lu}[\p{L}'’-]*\.?$/u.test(rest);
}

function lastWord(text: string, span: Span): string {
  const tail = text.slice(Math.max(span.start, span.end - 24), span.end);
  return /\S*$/u.exec(tail)?.[0] ?? "";
}

function trimmed(text: string, start: number, end: number): Span | null {
  let from = start;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return from < to ? { start: from, end: to } : null;
}

/** White space as `String.prototype.trim` sees it. */
function isBlank(code: number): boolean {
  return (
    (code >= 9 && code <= 13) ||
    code === 32 ||
    code === 0xa0 ||
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x1680 ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000 ||
    code === 0xfeff
  );
}
