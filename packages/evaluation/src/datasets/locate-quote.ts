import type { Span } from "@footnote/core";

/** Where a quote stands in a text: exactly, or up to runs of white space. Null when it is missing or stands twice. */
export function locateQuote(text: string, quote: string): Span | null {
  const wanted = withSingleSpaces(quote.trim());
  if (wanted === "") return null;
  const at = onlyPlace(withSingleSpaces(text), wanted);
  return at === null ? null : { start: placeIn(text, at), end: placeIn(text, at + wanted.length - 1) + 1 };
}

const withSingleSpaces = (text: string) => text.replace(/\s{2,}|[^\S ]/gu, " ");

/**
 * Where `wanted` begins in a text that holds it once, overlapping places counted ("a a" stands twice in "a a a"). Knuth, Morris, Pratt 1977:
 * time is linear whatever the two repeat, since both come from tenants; a pattern or `indexOf` takes minutes on some.
 */
function onlyPlace(text: string, wanted: string): number | null {
  // borders[i]: length of the longest proper prefix of the first i + 1 characters that is also their end.
  const borders = new Int32Array(wanted.length);
  for (let i = 1, length = 0; i < wanted.length; i++) {
    while (length > 0 && wanted.charCodeAt(i) !== wanted.charCodeAt(length)) length = borders[length - 1] ?? 0;
    if (wanted.charCodeAt(i) === wanted.charCodeAt(length)) length += 1;
    borders[i] = length;
  }
  let found: number | null = null;
  for (let i = 0, length = 0; i < text.length; i++) {
    while (length > 0 && text.charCodeAt(i) !== wanted.charCodeAt(length)) length = borders[length - 1] ?? 0;
    if (text.charCodeAt(i) === wanted.charCodeAt(length)) length += 1;
    if (length < wanted.length) continue;
    if (found !== null) return null;
    found = i - length + 1;
    length = borders[length - 1] ?? 0;
  }
  return found;
}

/** Where a character of `withSingleSpaces(text)` that is no space stands in the text. */
function placeIn(text: string, position: number): number {
  let removed = 0;
  for (const { index, 0: run } of text.matchAll(/\s{2,}/gu)) {
    if (index - removed >= position) break;
    removed += run.length - 1;
  }
  return position + removed;
}

/**
 * The quote of a span, widened word by word to both sides until it stands once in the text: an answer such as "1066" may stand there
 * twice, and a case names its place by the quote alone. The whole text when nothing shorter is unique.
 */
export function uniqueQuote(text: string, span: Span): string {
  let { start, end } = span;
  for (;;) {
    const quote = text.slice(start, end).trim();
    if (quote !== "" && locateQuote(text, quote) !== null) return quote;
    if (start === 0 && end === text.length) return text.trim();
    start = /\S*\s*$/u.exec(text.slice(0, start))?.index ?? 0;
    end += /^\s*\S*/u.exec(text.slice(end))?.[0].length ?? 0;
  }
}
