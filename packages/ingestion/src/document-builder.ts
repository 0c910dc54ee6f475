import { canonicalText, detectLanguage, FootnoteError } from "@footnote/core";
import type { Block, BlockKind, Box, Page, ParsedDocument } from "@footnote/core";

export interface BlockInput {
  kind: Exclude<BlockKind, "heading">;
  text: string;
  /** Nesting depth of a list item, from 1. */
  level?: number;
  page?: number;
  boxes?: Box[];
  /** From `newGroup()`. Neighbours of one group are separated by one line end, all others by a blank line. */
  group?: number;
  /** True for the header row of a table. */
  header?: boolean;
}

export interface HeadingInput {
  /** 1–6; other values are brought into the range. */
  level: number;
  text: string;
  page?: number;
  boxes?: Box[];
}

export interface DocumentBuilder {
  /** Text length so far, in UTF-16 code units. */
  readonly length: number;
  /** Appends a block; returns null when its text is blank. Its text becomes canonical here. Throws `document_too_large`. */
  append(block: BlockInput): Block | null;
  /** Appends a heading, which then stands in the path of the blocks after it. */
  heading(heading: HeadingInput): Block | null;
  newGroup(): number;
  /** Blocks after this lie on this page unless they name another. */
  startPage(page: { number: number; width?: number; height?: number }): void;
  /** Notes once what was left out or repaired: a plain sentence without document text. */
  warn(sentence: string): void;
  /** Throws `document_has_no_text` when nothing was appended. `language` is detected when left out. */
  build(document: { mediaType: string; title?: string | null; language?: string | null }): ParsedDocument;
}

/** Collects blocks in reading order and fixes the canonical text and every offset in it. */
export function createDocumentBuilder(options: { maxTextLength: number }): DocumentBuilder {
  const parts: string[] = [];
  const blocks: Block[] = [];
  const pages: Page[] = [];
  const warnings = new Set<string>();
  const path: { level: number; title: string }[] = [];
  let length = 0;
  let groups = 0;
  let currentPage: number | undefined;

  function place(text: string, group: number | undefined): { start: number; end: number } {
    const previous = blocks.at(-1);
    const separator = previous === undefined ? "" : group !== undefined && previous.group === group ? "\n" : "\n\n";
    const start = length + separator.length;
    const end = start + text.length;
    if (end > options.maxTextLength) {
      throw new FootnoteError("document_too_large", `The document holds more than ${options.maxTextLength} characters of text; split it.`, {
        details: { maxTextLength: options.maxTextLength },
      });
    }
    parts.push(separator, text);
    length = end;
    return { start, end };
  }

  function locate(block: Block, input: { page?: number; boxes?: Box[] }): Block {
    const page = input.page ?? currentPage;
    if (page !== undefined) block.page = page;
    if (input.boxes !== undefined && input.boxes.length > 0) block.boxes = input.boxes;
    blocks.push(block);
    return block;
  }

  return {
    get length() {
      return length;
    },
    append(input) {
      const text = input.kind === "code" ? trimCode(canonicalText(input.text)) : canonicalText(input.text).trim();
      if (text.trim() === "") return null;
      const block: Block = { kind: input.kind, ...place(text, input.group), headingPath: path.map((heading) => heading.title) };
      if (input.level !== undefined) block.level = Math.max(1, Math.trunc(input.level));
      if (input.group !== undefined) block.group = input.group;
      if (input.header !== undefined) block.header = input.header;
      return locate(block, input);
    },
    heading(input) {
      const text = collapseWhiteSpace(canonicalText(input.text));
      if (text === "") return null;
      const level = Math.min(6, Math.max(1, Math.trunc(input.level) || 1));
      while ((path.at(-1)?.level ?? 0) >= level) path.pop();
      const block: Block = { kind: "heading", ...place(text, undefined), level, headingPath: path.map((heading) => heading.title) };
      path.push({ level, title: text });
      return locate(block, input);
    },
    newGroup() {
      groups += 1;
      return groups;
    },
    startPage(page) {
      currentPage = page.number;
      pages.push({ start: length, end: length, ...page });
    },
    warn(sentence) {
      if (warnings.size < 50) warnings.add(sentence);
    },
    build({ mediaType, title, language }) {
      const text = parts.join("");
      if (blocks.length === 0) {
        throw new FootnoteError("document_has_no_text", "The document holds no readable text; nothing of it could be searched.");
      }
      const cleanTitle = title === undefined || title === null ? "" : collapseWhiteSpace(canonicalText(title)).slice(0, 500).toWellFormed();
      return {
        title: cleanTitle === "" ? null : cleanTitle,
        mediaType,
        language: language === undefined ? detectLanguage(text) : language,
        text,
        blocks,
        pages: spanPages(pages, blocks),
        warnings: [...warnings],
      };
    },
  };
}

/** White space of any kind to single spaces, trimmed. */
export function collapseWhiteSpace(text: string): string {
  return text.replace(/\s+/gu, " ").trim();
}

/** Code keeps its indentation; blank lines around it and white space at its end go. */
function trimCode(text: string): string {
  const trimmed = text.trimEnd();
  const first = trimmed.search(/\S/u);
  return first <= 0 ? trimmed : trimmed.slice(trimmed.lastIndexOf("\n", first) + 1).replace(/^\uFEFF+/u, "");
}

/** A page reaches from its first block to its last; a page without blocks is empty where it was started. */
function spanPages(pages: readonly Page[], blocks: readonly Block[]): Page[] {
  const spans = new Map<number, { start: number; end: number }>();
  for (const block of blocks) {
    if (block.page === undefined) continue;
    const span = spans.get(block.page);
    if (span === undefined) spans.set(block.page, { start: block.start, end: block.end });
    else span.end = block.end;
  }
  return pages.map((page) => ({ ...page, ...spans.get(page.number) }));
}
