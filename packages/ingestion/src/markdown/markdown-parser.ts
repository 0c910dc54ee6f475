import { throwIfAborted } from "@footnote/core";
import type { Parser } from "@footnote/core";
import markdownIt from "markdown-it";
import type { Token } from "markdown-it";
import footnote from "markdown-it-footnote";
import { collapseWhiteSpace, createDocumentBuilder } from "../document-builder.ts";
import type { DocumentBuilder } from "../document-builder.ts";
import { appendHtmlFragment } from "../html/append-html.ts";
import { parseLimits } from "../parse-limits.ts";
import type { ParseLimits } from "../parse-limits.ts";
import { decodeText } from "../text/decode-text.ts";
import { splitFrontMatter } from "./front-matter.ts";
import { inlineText } from "./inline-text.ts";

/** Block quotes and lists nested deeper than this are cut: the reader of a document gains nothing, a recursion might break. */
const maxNesting = 60;

/** CommonMark with GFM tables and strike-through, footnotes and front matter, as the text a reader sees. */
export function createMarkdownParser(options: { limits?: Partial<ParseLimits> } = {}): Parser {
  const limits = parseLimits(options.limits);
  const markdown = markdownIt({ html: true, maxNesting }).use(footnote);
  return {
    mediaTypes: ["text/markdown"],
    parse: async ({ bytes, signal }) => {
      throwIfAborted(signal);
      const builder = createDocumentBuilder(limits);
      const { text, encoding, guessed } = decodeText(bytes);
      if (guessed) builder.warn(`The encoding was guessed as ${encoding}.`);
      const { title, body, broken } = splitFrontMatter(text.replace(/\r\n?/gu, "\n"));
      if (broken) builder.warn("The front matter is not valid YAML and was left out.");
      const tokens = markdown.parse(limitQuotes(body), {});
      throwIfAborted(signal);
      const heading = appendTokens(builder, tokens);
      return builder.build({ mediaType: "text/markdown", title: title ?? heading });
    },
  };
}

/** Quote marks beyond the nesting limit only: markdown-it would drop what they quote. */
function limitQuotes(text: string): string {
  return text.includes(">>>>") || text.includes("> > > >") ? text.replace(/^((?:[ \t]{0,3}>){12})(?:[ \t]{0,3}>)+/gmu, "$1") : text;
}

interface OpenList {
  /** The next number of an ordered list; null for bullets. */
  number: number | null;
  /** Whether the marker of the current item was already written. */
  marked: boolean;
}

/** What is open at a token, and the headings so far. */
interface Reading {
  builder: DocumentBuilder;
  lists: OpenList[];
  listGroup: number | undefined;
  table: { group: number; cells: string[]; inHead: boolean } | null;
  quotes: number;
  /** 0 outside of headings. */
  headingLevel: number;
  titles: { level: number; text: string }[];
}

/** Appends markdown-it's flat token stream; returns the text of the first heading of level 1, else of the first heading. */
function appendTokens(builder: DocumentBuilder, tokens: readonly Token[]): string | null {
  const reading: Reading = { builder, lists: [], listGroup: undefined, table: null, quotes: 0, headingLevel: 0, titles: [] };
  for (const token of tokens) {
    if (token.level >= maxNesting - 1) builder.warn(`Content nested deeper than ${maxNesting} levels was left out.`);
    tokenReaders[token.type]?.(reading, token);
  }
  const { titles } = reading;
  return (titles.find((title) => title.level === 1) ?? titles[0])?.text ?? null;
}

const tokenReaders: Readonly<Record<string, (reading: Reading, token: Token) => void>> = {
  heading_open: (reading, token) => {
    reading.headingLevel = Number(token.tag.slice(1));
  },
  heading_close: (reading) => {
    reading.headingLevel = 0;
  },
  blockquote_open: (reading) => {
    reading.quotes += 1;
  },
  blockquote_close: (reading) => {
    reading.quotes -= 1;
  },
  bullet_list_open: (reading) => openList(reading, null),
  ordered_list_open: (reading, token) => openList(reading, Number(token.attrGet("start") ?? 1)),
  bullet_list_close: closeList,
  ordered_list_close: closeList,
  list_item_open: ({ lists }) => {
    const list = lists.at(-1);
    if (list !== undefined) list.marked = false;
  },
  list_item_close: ({ lists }) => {
    const list = lists.at(-1);
    if (list !== undefined && list.number !== null) list.number += 1;
  },
  table_open: (reading) => {
    reading.table = { group: reading.builder.newGroup(), cells: [], inHead: false };
  },
  table_close: (reading) => {
    reading.table = null;
  },
  thead_open: ({ table }) => {
    if (table !== null) table.inHead = true;
  },
  thead_close: ({ table }) => {
    if (table !== null) table.inHead = false;
  },
  tr_open: ({ table }) => {
    if (table !== null) table.cells = [];
  },
  tr_close: ({ builder, table }) => {
    if (table === null || table.cells.every((cell) => cell === "")) return;
    builder.append({ kind: "table-row", text: table.cells.join(" | "), group: table.group, header: table.inHead });
  },
  inline: (reading, token) => {
    const text = inlineText(token.children ?? []);
    if (reading.table === null) appendText(reading, text);
    else reading.table.cells.push(collapseWhiteSpace(text));
  },
  fence: appendCode,
  code_block: appendCode,
  html_block: ({ builder }, token) => appendHtmlFragment(builder, token.content),
};

function openList(reading: Reading, number: number | null): void {
  if (reading.lists.length === 0) reading.listGroup = reading.builder.newGroup();
  reading.lists.push({ number, marked: false });
}

function closeList(reading: Reading): void {
  reading.lists.pop();
  if (reading.lists.length === 0) reading.listGroup = undefined;
}

function appendCode({ builder }: Reading, token: Token): void {
  builder.append({ kind: "code", text: token.content, group: builder.newGroup() });
}

function appendText({ builder, headingLevel, lists, listGroup, quotes, titles }: Reading, text: string): void {
  if (headingLevel > 0) {
    if (builder.heading({ level: headingLevel, text }) !== null) titles.push({ level: headingLevel, text });
    return;
  }
  const list = lists.at(-1);
  if (list === undefined || listGroup === undefined) {
    builder.append({ kind: quotes > 0 ? "quote" : "paragraph", text });
    return;
  }
  const marker = list.number === null ? "" : `${list.number}. `;
  if (list.marked) builder.append({ kind: "paragraph", text, group: listGroup });
  else builder.append({ kind: "list-item", text: marker + text, level: lists.length, group: listGroup });
  list.marked = true;
}
