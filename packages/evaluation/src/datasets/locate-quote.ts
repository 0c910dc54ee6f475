import type { Span } from "@footnote/core";

/** Where a quote stands in a text: exactly, or up to runs of white space. Null when it is missing or stands twice. */
export function locateQuote(text: string, quote: string): Span | null {
  const pattern = quote
    .trim()
    .split(/\s+/u)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&"))
    .join("\\s+");
  if (pattern === "") return null;
  // A lookahead finds those that overlap, too: "a a" stands twice in "a a a".
  const found = [...text.matchAll(new RegExp(`(?=(${pattern}))`, "gu"))];
  const only = found.length === 1 ? found[0] : undefined;
  return only ? { start: only.index, end: only.index + (only[1] ?? "").length } : null;
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
