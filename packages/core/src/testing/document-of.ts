import type { Block, BlockKind, ParsedDocument } from "../document.ts";
import { canonicalText } from "../unicode.ts";

export type DocumentPart = { kind: BlockKind; text: string; path?: string[] } & Partial<
  Pick<Block, "group" | "page" | "boxes" | "level" | "header">
>;

/** A parsed document from blocks, with a blank line between them and the heading path kept as parsers do. */
export function documentOf(parts: readonly DocumentPart[], changes: Partial<ParsedDocument> = {}): ParsedDocument {
  let text = "";
  let path: string[] = [];
  const blocks: Block[] = [];
  for (const { kind, text: raw, path: given, ...rest } of parts) {
    const content = canonicalText(raw);
    if (content.trim() === "") continue;
    if (text !== "") text += "\n\n";
    if (kind === "heading") path = path.slice(0, (rest.level ?? 1) - 1);
    blocks.push({ kind, start: text.length, end: text.length + content.length, headingPath: given ?? [...path], ...rest });
    if (kind === "heading") path = [...path, content];
    text += content;
  }
  return { title: null, mediaType: "text/plain", language: "en", text, blocks, pages: [], warnings: [], ...changes };
}

/** A document of one text without blocks. */
export function plainDocument(text: string): ParsedDocument {
  return { ...documentOf([]), text: canonicalText(text) };
}

/** A vector of length 1 for a text: its letters, counted. */
export function letterCounts(text: string): Float32Array {
  const counts = new Float32Array(16);
  for (const letter of text) {
    const at = (letter.codePointAt(0) ?? 0) % 16;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  const norm = Math.hypot(...counts) || 1;
  return counts.map((count) => count / norm);
}

/** Counts like a tokenizer: a word of ASCII letters is one token for each six letters, anything else one a code point. */
export const countTokens = (text: string): number =>
  (text.match(/[A-Za-z0-9]+|[^\s]/gu) ?? []).reduce((sum, word) => sum + (/^[A-Za-z0-9]/u.test(word) ? Math.ceil(word.length / 6) : 1), 0);
