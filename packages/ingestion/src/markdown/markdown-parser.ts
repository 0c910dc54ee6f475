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

/** Appends markdown-it's flat token stream; returns the text of the first heading of level 1, else of the first heading. */
function appendTokens(builder: DocumentBuilder, tokens: readonly Token[]): string | null {
  const lists: OpenList[] = [];
  let listGroup: number | undefined;
  let tableGroup: number | undefined;
  let cells: string[] = [];
  let headerRow = false;
  let quotes = 0;
  let headingLevel = 0;
  const titles: { level: number; text: string }[] = [];

  function appendInline(text: string): void {
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

  for (const token of tokens) {
    if (token.level >= maxNesting - 1) builder.warn(`Content nested deeper than ${maxNesting} levels was left out.`);
    switch (token.type) {
      case "heading_open":
        headingLevel = Number(token.tag.slice(1));
        break;
      case "heading_close":
        headingLevel = 0;
        break;
      case "blockquote_open":
        quotes += 1;
        break;
      case "blockquote_close":
        quotes -= 1;
        break;
      case "bullet_list_open":
      case "ordered_list_open":
        if (lists.length === 0) listGroup = builder.newGroup();
        lists.push({ number: token.type === "ordered_list_open" ? Number(token.attrGet("start") ?? 1) : null, marked: false });
        break;
      case "bullet_list_close":
      case "ordered_list_close":
        lists.pop();
        if (lists.length === 0) listGroup = undefined;
        break;
      case "list_item_open":
        setMarked(lists, false);
        break;
      case "list_item_close": {
        const list = lists.at(-1);
        if (list !== undefined && list.number !== null) list.number += 1;
        break;
      }
      case "table_open":
        tableGroup = builder.newGroup();
        break;
      case "table_close":
        tableGroup = undefined;
        break;
      case "thead_open":
        headerRow = true;
        break;
      case "thead_close":
        headerRow = false;
        break;
      case "tr_open":
        cells = [];
        break;
      case "tr_close":
        if (tableGroup !== undefined && cells.some((cell) => cell !== "")) {
          builder.append({ kind: "table-row", text: cells.join(" | "), group: tableGroup, header: headerRow });
        }
        break;
      case "inline": {
        const text = inlineText(token.children ?? []);
        if (tableGroup === undefined) appendInline(text);
        else cells.push(collapseWhiteSpace(text));
        break;
      }
      case "fence":
      case "code_block":
        builder.append({ kind: "code", text: token.content, group: builder.newGroup() });
        break;
      case "html_block":
        appendHtmlFragment(builder, token.content);
        break;
    }
  }
  return (titles.find((title) => title.level === 1) ?? titles[0])?.text ?? null;
}

function setMarked(lists: readonly OpenList[], marked: boolean): void {
  const list = lists.at(-1);
  if (list !== undefined) list.marked = marked;
}

/** What a reader sees of inline tokens: marks resolved, link texts, alternative texts; an address only where a link has no text. */
function inlineText(tokens: readonly Token[]): string {
  const parts: string[] = [];
  const links: { href: string; parts: number }[] = [];
  let hiddenBy: string | null = null;
  for (const token of tokens) {
    if (hiddenBy !== null) {
      if (token.type === "html_inline" && token.content.toLowerCase().startsWith(`</${hiddenBy}`)) hiddenBy = null;
      continue;
    }
    switch (token.type) {
      case "softbreak":
        parts.push(" ");
        break;
      case "hardbreak":
        parts.push("\n");
        break;
      case "link_open":
        links.push({ href: String(token.attrGet("href") ?? ""), parts: parts.length });
        break;
      case "link_close": {
        const link = links.pop();
        if (link !== undefined && parts.slice(link.parts).join("").trim() === "") parts.push(link.href);
        break;
      }
      case "html_inline": {
        const name = /^<([a-z][a-z0-9]*)/iu.exec(token.content)?.[1]?.toLowerCase();
        if (name === "script" || name === "style") hiddenBy = name;
        else if (name === "br") parts.push("\n");
        break;
      }
      case "image":
        parts.push(inlineText(token.children ?? []));
        break;
      case "footnote_ref":
      case "footnote_anchor":
        break;
      default:
        parts.push(token.content);
    }
  }
  return parts.join("");
}
