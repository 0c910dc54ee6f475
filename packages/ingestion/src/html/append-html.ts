import { collapseWhiteSpace } from "../document-builder.ts";
import type { DocumentBuilder } from "../document-builder.ts";
import { elementText, isHidden, parseHtmlTree } from "./html-tree.ts";
import type { HtmlElement } from "./html-tree.ts";
import { blockElements } from "./main-content.ts";

/** Appends the readable blocks of an HTML fragment: all of it but scripts, styles and what is hidden. */
export function appendHtmlFragment(builder: DocumentBuilder, html: string): void {
  appendElement(builder, parseHtmlTree(html));
}

interface Context {
  quote: boolean;
  caption: boolean;
  list: { group: number; depth: number; number: number | null; marked: boolean } | null;
}

/** Appends an element's blocks: headings, paragraphs, lists, tables, code, quotes, captions. Recursion is bounded by the tree's depth. */
export function appendElement(builder: DocumentBuilder, element: HtmlElement): void {
  const parts: string[] = [];
  walk(builder, element, { parts, context: { quote: false, caption: false, list: null } });
}

interface Walk {
  /** Inline text of the block that is being read. */
  parts: string[];
  context: Context;
}

function walk(builder: DocumentBuilder, element: HtmlElement, state: Walk): void {
  for (const child of element.children) {
    if (typeof child === "string") state.parts.push(child);
    else if (!isHidden(child)) visit(builder, child, state);
  }
  if (blockElements.has(element.name)) flush(builder, state);
}

function visit(builder: DocumentBuilder, element: HtmlElement, state: Walk): void {
  const { name } = element;
  if (name === "br") {
    state.parts.push(lineBreak);
    return;
  }
  if (!blockElements.has(name)) {
    walk(builder, element, state);
    return;
  }
  flush(builder, state);
  const read = blockReaders.get(name);
  if (read === undefined) walk(builder, element, { parts: [], context: state.context });
  else read(builder, element, state);
}

type BlockReader = (builder: DocumentBuilder, element: HtmlElement, state: Walk) => void;

const readHeading: BlockReader = (builder, element) => {
  builder.heading({ level: Number(element.name.slice(1)), text: readableText(element) });
};

const readList: BlockReader = (builder, element, { context }) => {
  const start = Number.parseInt(element.attributes["start"] ?? "1", 10);
  const list = {
    group: context.list?.group ?? builder.newGroup(),
    depth: (context.list?.depth ?? 0) + 1,
    number: element.name === "ol" ? (Number.isNaN(start) ? 1 : start) : null,
    marked: false,
  };
  walk(builder, element, { parts: [], context: { ...context, list } });
};

const readItem: BlockReader = (builder, element, { context }) => {
  if (context.list !== null) context.list.marked = false;
  walk(builder, element, { parts: [], context });
  if (context.list !== null && context.list.number !== null) context.list.number += 1;
};

const readQuote: BlockReader = (builder, element, { context }) => {
  walk(builder, element, { parts: [], context: { ...context, quote: true } });
};

const readCaption: BlockReader = (builder, element, { context }) => {
  walk(builder, element, { parts: [], context: { ...context, caption: true } });
};

const readPreformatted: BlockReader = (builder, element) => {
  builder.append({ kind: "code", text: preformattedText(element), group: builder.newGroup() });
};

/** How blocks are read that are more than their content. */
const blockReaders: ReadonlyMap<string, BlockReader> = new Map([
  ...["h1", "h2", "h3", "h4", "h5", "h6"].map((name) => [name, readHeading] as const),
  ...["ul", "ol", "dl"].map((name) => [name, readList] as const),
  ...["li", "dt", "dd"].map((name) => [name, readItem] as const),
  ["pre", readPreformatted],
  ["table", appendTable],
  ["blockquote", readQuote],
  ["figcaption", readCaption],
  ["caption", readCaption],
]);

/** Stands for `<br>` until white space has been collapsed. */
const lineBreak = "\u2028";

/** Ends the current block. Two line breaks in a row end a paragraph, as they do for a reader. */
function flush(builder: DocumentBuilder, { parts, context }: Walk): void {
  if (parts.length === 0) return;
  const paragraphs = parts
    .join("")
    .replaceAll("\u00AD", "")
    .split(/\u2028\s*\u2028/u);
  parts.length = 0;
  for (const paragraph of paragraphs) {
    const text = paragraph.split(lineBreak).map(collapseWhiteSpace).filter(Boolean).join("\n");
    if (text === "") continue;
    const { list } = context;
    if (list === null) builder.append({ kind: context.caption ? "caption" : context.quote ? "quote" : "paragraph", text });
    else if (list.marked) builder.append({ kind: "paragraph", text, group: list.group });
    else {
      const marker = list.number === null ? "" : `${list.number}. `;
      builder.append({ kind: "list-item", text: marker + text, level: list.depth, group: list.group });
      list.marked = true;
    }
  }
}

function readableText(element: HtmlElement): string {
  const parts: string[] = [];
  const collect = (node: HtmlElement): void => {
    for (const child of node.children) {
      if (typeof child === "string") parts.push(child);
      else if (!isHidden(child)) {
        const apart = child.name === "br" || blockElements.has(child.name);
        if (apart) parts.push(" ");
        collect(child);
        if (apart) parts.push(" ");
      }
    }
  };
  collect(element);
  return collapseWhiteSpace(parts.join("").replaceAll("\u00AD", ""));
}

function preformattedText(element: HtmlElement): string {
  const parts: string[] = [];
  const collect = (node: HtmlElement): void => {
    for (const child of node.children) {
      if (typeof child === "string") parts.push(child);
      else if (child.name === "br") parts.push("\n");
      else if (!isHidden(child)) collect(child);
    }
  };
  collect(element);
  return parts.join("");
}

/** A data table becomes rows; a table that lays a page out, or holds blocks in its cells, is read cell by cell. */
function appendTable(builder: DocumentBuilder, table: HtmlElement, state: Walk): void {
  const rows = tableRows(table);
  const cells = rows.map((row) =>
    row.children.filter((child): child is HtmlElement => typeof child === "object" && /^t[dh]$/u.test(child.name)),
  );
  const widest = Math.max(0, ...cells.slice(0, 10_000).map((row) => row.length));
  const heavy = cells.some((row) => row.some(isLayoutCell));
  if (widest < 2 || heavy || table.attributes["role"] === "presentation") {
    walk(builder, { ...table, name: "div" }, { parts: [], context: { ...state.context } });
    return;
  }
  for (const caption of table.children) {
    if (typeof caption === "object" && caption.name === "caption") builder.append({ kind: "caption", text: readableText(caption) });
  }
  const group = builder.newGroup();
  let headerAllowed = true;
  for (const [index, row] of cells.entries()) {
    const texts = row.map(readableText);
    if (texts.every((text) => text === "")) continue;
    const header: boolean = headerAllowed && (row.every((cell) => cell.name === "th") || isInHead(table, rows[index]));
    headerAllowed &&= header;
    builder.append({ kind: "table-row", text: texts.join(" | "), group, header });
  }
}

function tableRows(table: HtmlElement): HtmlElement[] {
  const rows: HtmlElement[] = [];
  for (const child of table.children) {
    if (typeof child !== "object" || isHidden(child)) continue;
    if (child.name === "tr") rows.push(child);
    else if (/^t(?:head|body|foot)$/u.test(child.name)) {
      for (const row of child.children) if (typeof row === "object" && row.name === "tr" && !isHidden(row)) rows.push(row);
    }
  }
  return rows;
}

function isInHead(table: HtmlElement, row: HtmlElement | undefined): boolean {
  return (
    row !== undefined && table.children.some((child) => typeof child === "object" && child.name === "thead" && child.children.includes(row))
  );
}

function isLayoutCell(cell: HtmlElement): boolean {
  let paragraphs = 0;
  const stack: HtmlElement[] = [cell];
  for (let element = stack.pop(); element !== undefined; element = stack.pop()) {
    for (const child of element.children) {
      if (typeof child !== "object") continue;
      if (/^(?:table|h[1-6]|pre|article|section)$/u.test(child.name)) return true;
      if (child.name === "p") paragraphs += 1;
      stack.push(child);
    }
  }
  return paragraphs > 3 || (paragraphs > 1 && elementText(cell).length > 1500);
}
