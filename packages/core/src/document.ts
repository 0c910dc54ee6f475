import type { ChunkId, CollectionId, DocumentId, TenantId, VersionId } from "./ids.ts";
import type { Metadata } from "./json.ts";
import { splitSentences } from "./sentences.ts";
import type { Span } from "./span.ts";

/** A rectangle on a page in PDF points (1/72 inch), origin top left, `page` counted from 1. */
export interface Box {
  page: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

export const blockKinds = ["heading", "paragraph", "list-item", "table-row", "code", "quote", "caption"] as const;
export type BlockKind = (typeof blockKinds)[number];

/** One block of the canonical text. Blocks are in order, do not overlap, and leave only white space between them. */
export interface Block extends Span {
  kind: BlockKind;
  /** 1–6 for headings; nesting depth from 1 for list items. */
  level?: number;
  /** Titles of the headings above this block, outermost first. A heading's own title is not in its path. */
  headingPath: string[];
  /** Page of the block's start, from 1. */
  page?: number;
  boxes?: Box[];
  /** Blocks of one table, list or code fence carry the same number, so that a chunker can keep them together. */
  group?: number;
  /** For a table row: true for the header row, whose cells name the columns of the rows in its group. */
  header?: boolean;
}

/** A page of a paginated source and the part of the canonical text that lies on it. Width and height in points. */
export interface Page extends Span {
  number: number;
  width?: number;
  height?: number;
}

/** What every parser returns. */
export interface ParsedDocument {
  title: string | null;
  /** Media type found from the content, without parameters. */
  mediaType: string;
  /** BCP 47 primary subtag such as `en`, or null when it could not be told. */
  language: string | null;
  /** The canonical text: well-formed Unicode, no NUL, `\n` line ends; every offset counts in it. */
  text: string;
  blocks: Block[];
  pages: Page[];
  /** Plain sentences about what was left out or repaired; never document text. */
  warnings: string[];
}

/** A piece of a version's text, before it has an id. `text === canonical.slice(start, end)`. */
export interface ChunkDraft extends Span {
  text: string;
  headingPath: string[];
  page?: number;
  boxes?: Box[];
  /** Tokens of `text` by the collection's embedder. */
  tokenCount: number;
  /** What is embedded in place of `text` when it is wider (sentence-window); title and heading path are added later. */
  contextSpan?: Span;
}

export interface Chunk extends ChunkDraft {
  id: ChunkId;
  versionId: VersionId;
  ordinal: number;
}

/** A chunk as readers see it: with its document. */
export interface LocatedChunk extends Chunk {
  documentId: DocumentId;
  title: string | null;
  mediaType: string;
  url?: string;
}

export type DocumentState = "pending" | "processing" | "ready" | "failed" | "deleting";

export interface DocumentRecord {
  id: DocumentId;
  tenantId: TenantId;
  collectionId: CollectionId;
  externalId: string;
  title: string | null;
  metadata: Metadata;
  /** Principals who may see it; empty means everyone in the tenant. */
  access: string[];
  mediaType: string;
  /** State of the newest version; readers see `versionId`, the live one, whatever it is. */
  state: DocumentState;
  versionId: VersionId | null;
  sizeBytes: number;
  language: string | null;
  error: { code: string; message: string } | null;
  createdAt: Date;
  updatedAt: Date;
}

/** Characters of a document's opening sentence at most; a longer one says too much of one place. */
const longestOpening = 240;

/** The first sentence of a document's first paragraph, or null: what the whole is about, as far as its author says so at once. */
export function documentOpening({ text, blocks, language }: Pick<ParsedDocument, "text" | "blocks" | "language">): string | null {
  const first = blocks.find(({ kind }) => kind === "paragraph");
  if (!first) return null;
  const paragraph = text.slice(first.start, first.end);
  const [sentence] = splitSentences(paragraph.slice(0, 4 * longestOpening), { language });
  const opening = sentence ? paragraph.slice(sentence.start, sentence.end).trim() : "";
  return opening === "" || opening.length > longestOpening ? null : opening;
}

/** What is embedded and lexically indexed for a chunk: title, heading path, the document's opening and text, each on a line of its own. */
export function indexedInput(options: {
  title: string | null;
  headingPath: readonly string[];
  /** What `documentOpening` gave. Default null. */
  opening?: string | null;
  text: string;
  context: { title: boolean; headingPath: boolean; opening?: boolean };
}): string {
  const { title, headingPath, opening, text, context } = options;
  const lines: string[] = [];
  if (context.title && title && headingPath[0] !== title && !text.startsWith(title)) lines.push(title);
  if (context.opening && opening && !text.includes(opening)) lines.push(opening);
  if (context.headingPath && headingPath.length > 0) lines.push(headingPath.join(" › "));
  lines.push(text);
  return lines.join("\n");
}
