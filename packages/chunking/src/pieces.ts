import { splitSentences } from "@footnote/core";
import type { Block, Span } from "@footnote/core";

/**
 * A stretch of text that may be cut further. `kind` says where: a block at blank lines and lines (code) or sentences, a
 * sentence at clauses, a clause at blanks, a run of non-blank characters at words and graphemes.
 */
export interface Piece extends Span {
  kind: "group" | "block" | "code" | "sentence" | "clause" | "run" | "part";
  heading: boolean;
  /** The blocks of a group. */
  parts?: Piece[];
}

/** Measures pieces, each once. */
export interface Sizer {
  tokens(span: Span): number;
  /** Tokens, or more where few tokens stand for many characters; known without counting when the text is far too long. */
  cost(span: Span, limit: number): number;
}

/** A token is taken for at most this many characters, so that a blob the model knows nothing of does not fill a chunk. */
const charactersPerToken = 16;

export function createSizer(text: string, countTokens: (text: string) => number): Sizer {
  const counted = new WeakMap<Span, number>();
  const tokens = (span: Span) => {
    let count = counted.get(span);
    if (count === undefined) {
      count = countTokens(text.slice(span.start, span.end));
      counted.set(span, count);
    }
    return count;
  };
  return {
    tokens,
    cost(span, limit) {
      const least = (span.end - span.start) / charactersPerToken;
      return least > limit ? least : Math.max(least, tokens(span));
    },
  };
}

export interface Cutter {
  text: string;
  language: string | null;
  sizer: Sizer;
  maxTokens: number;
}

/** The next smaller pieces of a piece, in order, covering its non-blank characters. One piece or none: it cannot be cut. */
export function cut(piece: Piece, cutter: Cutter): Piece[] {
  const { text } = cutter;
  const of = (kind: Piece["kind"], spans: Span[]): Piece[] => spans.map(({ start, end }) => ({ start, end, kind, heading: piece.heading }));
  switch (piece.kind) {
    case "group":
      return piece.parts ?? [];
    case "code": {
      const paragraphs = splitAt(text, piece, /\n[ \t]*\n\s*/gu);
      if (paragraphs.length > 1) return of("code", paragraphs);
      const lines = splitAt(text, piece, /\n/gu);
      return lines.length > 1 ? of("code", lines) : cut({ ...piece, kind: "clause" }, cutter);
    }
    case "block": {
      const spans = splitSentences(text.slice(piece.start, piece.end), { language: cutter.language });
      const sentences = spans.map(({ start, end }) => ({ start: piece.start + start, end: piece.start + end }));
      return sentences.length > 1 ? of("sentence", sentences) : cut({ ...piece, kind: "sentence" }, cutter);
    }
    case "sentence": {
      const clauses = splitAt(text, piece, /(?<=[,;:)\]—–|])\s+|(?<=[，；：、。！？])/gu);
      return clauses.length > 1 ? of("clause", clauses) : cut({ ...piece, kind: "clause" }, cutter);
    }
    case "clause": {
      const runs = splitAt(text, piece, /\s+/gu);
      return runs.length > 1 ? of("run", runs) : cut({ ...piece, kind: "run" }, cutter);
    }
    case "run": {
      const { parts, rest } = cutRun(piece, cutter);
      return [...of("part", parts), ...(rest === null ? [] : of("run", [rest]))];
    }
    case "part":
      return [];
  }
}

/** The parts between the matches, without blanks at their edges. */
function splitAt(text: string, span: Span, separator: RegExp): Span[] {
  const source = text.slice(span.start, span.end);
  const result: Span[] = [];
  let start = 0;
  const add = (end: number) => {
    const trimmed = trimSpan(text, { start: span.start + start, end: span.start + end });
    if (trimmed !== null) result.push(trimmed);
  };
  for (const match of source.matchAll(separator)) {
    add(match.index);
    start = match.index + match[0].length;
  }
  add(source.length);
  return result;
}

const partsAtOnce = 64;
const wordSegmenter = new Intl.Segmenter("und", { granularity: "word" });
const graphemeSegmenter = new Intl.Segmenter("und", { granularity: "grapheme" });

/**
 * Cuts a run without blanks into parts of at most `maxTokens`: at the last word boundary that fits, else at the last
 * grapheme boundary. The window follows the text's own density, so that each character is counted about twice.
 * After `partsAtOnce` the rest is left to be cut later: a run may be as long as the document.
 */
function cutRun(run: Span, { text, sizer, maxTokens }: Cutter): { parts: Span[]; rest: Span | null } {
  const parts: Span[] = [];
  let start = run.start;
  let width = maxTokens;
  while (start < run.end) {
    if (parts.length === partsAtOnce) return { parts, rest: { start, end: run.end } };
    let part = { start, end: boundary(text, run, start, width) };
    while (sizer.cost(part, maxTokens) > maxTokens) {
      const narrower = Math.floor(Math.min(width, part.end - start) / 2);
      if (narrower < 1) break;
      const end = boundary(text, run, start, narrower);
      width = narrower;
      if (end >= part.end) break;
      part = { start, end };
    }
    parts.push(part);
    start = part.end;
    width = Math.min(Math.ceil(width * 1.25), maxTokens * charactersPerToken);
  }
  return { parts, rest: null };
}

/** Characters looked at beyond a window, to see whether its edge is a boundary. */
const lookahead = 64;

/** The last word boundary in `start…start + width`, else the last grapheme boundary, else the end of the first grapheme. */
function boundary(text: string, run: Span, start: number, width: number): number {
  if (start + width >= run.end) return run.end;
  const window = text.slice(start, Math.min(run.end, start + width + lookahead));
  const word = wordSegmenter.segment(window).containing(width)?.index ?? 0;
  if (word > 0) return start + word;
  const graphemes = graphemeSegmenter.segment(window);
  const grapheme = graphemes.containing(width)?.index ?? 0;
  if (grapheme > 0) return start + grapheme;
  return start + (graphemes.containing(0)?.segment.length ?? window.length);
}

/** A span without blanks at its edges, or null when nothing is left. */
export function trimSpan(text: string, { start, end }: Span): Span | null {
  const source = text.slice(start, end);
  const lead = source.length - source.trimStart().length;
  if (lead === source.length) return null;
  return { start: start + lead, end: end - (source.length - source.trimEnd().length) };
}

export interface BlockPiece {
  piece: Piece;
  /** Null for text that no block claims. */
  block: Block | null;
}

/** Pieces for blocks and for any text between them, in order and without overlap, whatever the parser claims. */
export function blockPieces(text: string, blocks: readonly Block[]): BlockPiece[] {
  const result: BlockPiece[] = [];
  let at = 0;
  const add = (from: number, to: number, block: Block | null) => {
    const span = from < to ? trimSpan(text, { start: from, end: to }) : null;
    if (span === null) return;
    if (block !== null) {
      result.push({ block, piece: { ...span, kind: block.kind === "code" ? "code" : "block", heading: block.kind === "heading" } });
      return;
    }
    for (const paragraph of splitAt(text, span, /\n[ \t]*\n\s*/gu)) {
      result.push({ block: null, piece: { ...paragraph, kind: "block", heading: false } });
    }
  };
  for (const block of blocks.toSorted((a, b) => a.start - b.start)) {
    const start = Math.max(at, Math.min(block.start, text.length));
    const end = Math.min(block.end, text.length);
    add(at, start, null);
    add(start, end, block);
    at = Math.max(at, end);
  }
  add(at, text.length, null);
  return result;
}
