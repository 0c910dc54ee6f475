import { throwIfAborted } from "@footnote/core";
import type { Parser } from "@footnote/core";
import { collapseWhiteSpace, createDocumentBuilder } from "../document-builder.ts";
import type { DocumentBuilder } from "../document-builder.ts";
import { parseLimits } from "../parse-limits.ts";
import type { ParseLimits } from "../parse-limits.ts";
import { decodeText } from "../text/decode-text.ts";
import { codeOf, isDropped, parseDirective, rowsOf } from "./rst-directives.ts";
import type { Directive } from "./rst-directives.ts";
import { rstInlineText } from "./rst-inline.ts";
import {
  bullet,
  dedent,
  enumerator,
  expandTabs,
  hangingBlock,
  indentedBlock,
  isEnumerated,
  paragraphEnd,
  punctuation,
  tableEnd,
  titleAt,
} from "./rst-lines.ts";
import { readGridTable, readSimpleTable } from "./rst-table.ts";

/** Bodies nested deeper are read as plain paragraphs. */
const maxDepth = 24;

/** reStructuredText: headings by underline styles, lists, tables, literal blocks, directives and roles by their readable text; a PEP's header names it. */
export function createRstParser(options: { limits?: Partial<ParseLimits> } = {}): Parser {
  const limits = parseLimits(options.limits);
  return {
    mediaTypes: ["text/x-rst"],
    parse: async ({ bytes, signal }) => {
      throwIfAborted(signal);
      const builder = createDocumentBuilder(limits);
      const { text, encoding, guessed } = decodeText(bytes);
      if (guessed) builder.warn(`The encoding was guessed as ${encoding}.`);
      const lines = text
        .replace(/\r\n?|[\f\v]/gu, "\n")
        .split("\n")
        .map((line) => expandTabs(line).trimEnd());
      const reader = createRstReader(builder, readSubstitutions(lines));
      const title = reader.readDocument(lines);
      return builder.build({ mediaType: "text/x-rst", title });
    },
  };
}

function readSubstitutions(lines: readonly string[]): Map<string, string> {
  const substitutions = new Map<string, string>();
  for (const line of lines) {
    const found = /^\.\. \|([^|]{1,100})\| replace:: (.*)$/u.exec(line);
    if (found !== null) substitutions.set((found[1] ?? "").toLowerCase(), rstInlineText(found[2] ?? ""));
  }
  return substitutions;
}

interface Context {
  depth: number;
  quote: boolean;
  list: { group: number; depth: number; marker: string; marked: boolean } | null;
}

/** Lines that are read, and what they have shown so far. */
interface Body {
  lines: readonly string[];
  context: Context;
  /** The list that the item before belongs to. */
  list: { kind: string; group: number } | null;
  firstHeading: string | null;
}

function createRstReader(builder: DocumentBuilder, substitutions: ReadonlyMap<string, string>) {
  /** Underline styles in order of first use: the place of a style is its level. */
  const styles: string[] = [];
  const inline = (text: string): string => collapseWhiteSpace(rstInlineText(text, substitutions));

  /** Reads the whole document and returns its title: a PEP's, else the first heading. */
  function readDocument(lines: readonly string[]): string | null {
    const { title, rest } = readHeader(lines);
    const first = readBody(rest, { depth: 0, quote: false, list: null });
    return title ?? first;
  }

  /** The RFC 2822 header of a PEP, kept as lines. */
  function readHeader(lines: readonly string[]): { title: string | null; rest: readonly string[] } {
    const start = lines.findIndex((line) => line !== "");
    if (!/^PEP: *\d+/u.test(lines[start] ?? "")) return { title: null, rest: lines };
    const end = lines.indexOf("", start);
    const fields: string[] = [];
    for (const line of lines.slice(start, end === -1 ? lines.length : end)) {
      if (/^\s/u.test(line) && fields.length > 0) fields[fields.length - 1] += ` ${line.trim()}`;
      else fields.push(line);
    }
    const value = (name: string): string | undefined =>
      fields
        .find((field) => field.startsWith(`${name}:`))
        ?.slice(name.length + 1)
        .trim();
    const group = builder.newGroup();
    for (const field of fields) {
      if (!/^(?:Version|Last-Modified|Content-Type|Post-History|Discussions-To|Resolution):/u.test(field))
        builder.append({ kind: "paragraph", text: inline(field), group });
    }
    const title = value("Title");
    return { title: title === undefined ? null : `PEP ${value("PEP") ?? ""} – ${title}`, rest: end === -1 ? [] : lines.slice(end) };
  }

  /** Reads lines that start in column 0; returns the text of the first heading. */
  function readBody(lines: readonly string[], context: Context): string | null {
    const body: Body = { lines, context, list: null, firstHeading: null };
    for (let at = 0; at < lines.length;) at = readNext(body, at);
    return body.firstHeading;
  }

  /** Reads what starts in a line; returns the line after it. */
  function readNext(body: Body, at: number): number {
    const { lines, context } = body;
    const line = lines[at] ?? "";
    if (line === "") return at + 1;
    const listKind = bullet.test(line) ? "bullet" : isEnumerated(lines, at) ? "enumerated" : null;
    if (body.list?.kind !== listKind) body.list = null;
    if (context.depth >= maxDepth) return readParagraph(lines, at, context);
    if (line.startsWith(" ")) {
      const block = indentedBlock(lines, at);
      readBody(block.lines, { ...context, depth: context.depth + 1, quote: context.list === null });
      return block.end;
    }
    if (line === ".." || line.startsWith(".. ")) return readExplicit(lines, at, context);
    const structureEnd = readHeading(body, at) ?? readTransition(line, at) ?? readTable(lines, at);
    if (structureEnd !== null) return structureEnd;
    return listKind === null ? readLineOrParagraph(lines, at, context) : readItem(body, at, listKind);
  }

  function readHeading(body: Body, at: number): number | null {
    const title = titleAt(body.lines, at);
    if (title === null) return null;
    const known = styles.indexOf(title.style);
    const level = known === -1 ? styles.push(title.style) : known + 1;
    const text = inline(title.text);
    if (builder.heading({ level, text }) !== null) body.firstHeading ??= text;
    return title.end;
  }

  function readTransition(line: string, at: number): number | null {
    return punctuation.test(line) && line.length >= 4 ? at + 1 : null;
  }

  function readTable(lines: readonly string[], at: number): number | null {
    const window = lines.slice(at, tableEnd(lines, at));
    const table = readGridTable(window) ?? readSimpleTable(window);
    if (table === null) return null;
    appendRows(table.rows);
    return at + table.length;
  }

  function readItem(body: Body, at: number, kind: "bullet" | "enumerated"): number {
    const { lines, context } = body;
    const line = lines[at] ?? "";
    const marker = (bullet.exec(line) ?? enumerator.exec(line))?.[0] ?? "";
    body.list ??= { kind, group: context.list?.group ?? builder.newGroup() };
    const item = hangingBlock(lines, at, marker.trimEnd().length + 1, marker.length);
    const shown = kind === "bullet" ? "" : `${marker.trim()} `;
    readBody(item.lines, {
      depth: context.depth + 1,
      quote: false,
      list: { group: body.list.group, depth: (context.list?.depth ?? 0) + 1, marker: shown, marked: false },
    });
    return item.end;
  }

  function readLineOrParagraph(lines: readonly string[], at: number, context: Context): number {
    const line = lines[at] ?? "";
    const field = /^:(?![: ])([^:\n]{1,80}):(?: +(.*))?$/u.exec(line);
    if (field !== null && !line.includes(":`")) {
      const item = hangingBlock(lines, at, 1, 0);
      const value = [field[2] ?? "", ...item.lines.slice(1)].join(" ");
      appendText(`${field[1] ?? ""}: ${inline(value)}`, context);
      return item.end;
    }
    if (line.startsWith(">>> ")) {
      const end = paragraphEnd(lines, at);
      builder.append({ kind: "code", text: lines.slice(at, end).join("\n"), group: builder.newGroup() });
      return end;
    }
    if (/^\|(?: |$)/u.test(line)) {
      const end = paragraphEnd(lines, at);
      const text = lines
        .slice(at, end)
        .map((part) => inline(part.replace(/^\|? ?/u, "")))
        .filter(Boolean);
      appendText(text.join("\n"), context);
      return end;
    }
    const next = lines[at + 1] ?? "";
    if (next.startsWith(" ") && !line.endsWith("::")) {
      // A definition list: a term, and what it means indented below.
      const block = indentedBlock(lines, at + 1);
      const group = context.list?.group ?? builder.newGroup();
      const list = { group, depth: context.list?.depth ?? 1, marker: context.list?.marker ?? "", marked: context.list?.marked ?? false };
      appendText(inline(line), { ...context, list });
      if (context.list !== null) context.list.marked = true;
      readBody(block.lines, { depth: context.depth + 1, quote: false, list: { ...list, marked: true } });
      return block.end;
    }
    return readParagraph(lines, at, context);
  }

  function readParagraph(lines: readonly string[], at: number, context: Context): number {
    const end = paragraphEnd(lines, at);
    let text = lines.slice(at, end).join("\n").trim();
    const literal = text.endsWith("::");
    if (literal) text = text === "::" ? "" : text.endsWith(" ::") ? text.slice(0, -3) : text.slice(0, -1);
    appendText(inline(text), context);
    return literal ? readLiteral(lines, end) : end;
  }

  /** The indented (or, at the margin, uniformly quoted) block after `::`. */
  function readLiteral(lines: readonly string[], at: number): number {
    let start = at;
    while (lines[start] === "") start += 1;
    const first = lines[start];
    if (first === undefined) return at;
    if (first.startsWith(" ")) {
      const block = indentedBlock(lines, start);
      builder.append({ kind: "code", text: block.lines.join("\n"), group: builder.newGroup() });
      return block.end;
    }
    const quote = first[0] ?? "";
    if (!punctuation.test(quote) || quote === ".") return at;
    let end = start;
    while (lines[end]?.startsWith(quote) === true) end += 1;
    builder.append({ kind: "code", text: lines.slice(start, end).join("\n"), group: builder.newGroup() });
    return end;
  }

  function appendText(text: string, { quote, list }: Context): void {
    if (text === "") return;
    if (list === null) builder.append({ kind: quote ? "quote" : "paragraph", text });
    else if (list.marked) builder.append({ kind: "paragraph", text, group: list.group });
    else builder.append({ kind: "list-item", text: list.marker + text, level: list.depth, group: list.group });
    if (list !== null) list.marked = true;
  }

  function appendRows(rows: readonly { cells: readonly string[]; header: boolean }[]): void {
    const group = builder.newGroup();
    for (const { cells, header } of rows) {
      const texts = cells.map(inline);
      if (texts.some((text) => text !== "")) builder.append({ kind: "table-row", text: texts.join(" | "), group, header });
    }
  }

  /** Directives, footnotes, and what is not shown: comments, targets and substitutions. */
  function readExplicit(lines: readonly string[], at: number, context: Context): number {
    const block = hangingBlock(lines, at, 1, 3);
    const deeper = { ...context, depth: context.depth + 1 };
    const [first = "", ...rest] = block.lines;
    const note = /^\[(?:#?[^\]\s]{0,80}|\*)\](?: +(.*))?$/u.exec(first);
    if (note !== null) readBody([note[1] ?? "", ...dedent(rest)], deeper);
    else {
      const directive = parseDirective(block.lines);
      if (directive !== null) appendDirective(directive, deeper);
    }
    return block.end;
  }

  function appendDirective(directive: Directive, context: Context): void {
    const { name, argument, body, content } = directive;
    const code = codeOf(directive);
    const rows = rowsOf(directive);
    if (code !== null) builder.append({ kind: "code", text: code, group: builder.newGroup() });
    else if (name === "figure") builder.append({ kind: "caption", text: inline(content.join(" ")) });
    else if (rows !== null || name === "table") {
      if (argument !== "") builder.append({ kind: "caption", text: inline(argument) });
      if (rows === null) readBody(content, context);
      else appendRows(rows);
    } else if (!isDropped(directive)) {
      // Admonitions and directives unknown here: what they hold is text.
      readBody(content.length < body.length ? [argument, "", ...content] : [argument, ...content], context);
    }
  }

  return { readDocument };
}
