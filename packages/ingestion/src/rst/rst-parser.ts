import { throwIfAborted } from "@footnote/core";
import type { Parser } from "@footnote/core";
import { collapseWhiteSpace, createDocumentBuilder } from "../document-builder.ts";
import type { DocumentBuilder } from "../document-builder.ts";
import { parseLimits } from "../parse-limits.ts";
import type { ParseLimits } from "../parse-limits.ts";
import { parseDelimited } from "../text/csv-parser.ts";
import { decodeText } from "../text/decode-text.ts";
import { rstInlineText } from "./rst-inline.ts";
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

function expandTabs(line: string): string {
  if (!line.includes("\t")) return line;
  let result = "";
  for (const part of line.split(/(\t)/u)) result += part === "\t" ? " ".repeat(8 - (result.length % 8)) : part;
  return result;
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

const punctuation = /^([!-/:-@[-`{-~])\1*$/u;
const bullet = /^([-*+•])(?: +|$)/u;
const enumerator = /^(?:\(?(?:\d{1,9}|[A-Za-z]|[ivxlcdm]{1,9}|[IVXLCDM]{1,9}|#)[.)])(?: +|$)/u;
const codeDirectives: ReadonlySet<string> = new Set([
  "code-block",
  "code",
  "sourcecode",
  "parsed-literal",
  "productionlist",
  "math",
  "doctest",
  "testcode",
  "literal",
]);
const droppedDirectives: ReadonlySet<string> = new Set(
  "image highlight contents include raw toctree index meta literalinclude sectnum default-role role currentmodule module target-notes unicode date class".split(
    " ",
  ),
);

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
    let firstHeading: string | null = null;
    let at = 0;
    /** Group of the list that the line before belonged to. */
    const open: { list: { kind: string; group: number } | null } = { list: null };
    while (at < lines.length) {
      const line = lines[at] ?? "";
      if (line === "") {
        at += 1;
        continue;
      }
      const listKind = bullet.test(line) ? "bullet" : isEnumerated(lines, at) ? "enumerated" : null;
      if (open.list?.kind !== listKind) open.list = null;
      if (context.depth >= maxDepth) {
        at = readParagraph(lines, at, context);
        continue;
      }
      if (line.startsWith(" ")) {
        const block = indentedBlock(lines, at);
        readBody(block.lines, { ...context, depth: context.depth + 1, quote: context.list === null });
        at = block.end;
        continue;
      }
      if (line === ".." || line.startsWith(".. ")) {
        at = readExplicit(lines, at, context);
        continue;
      }
      const heading = readHeading(lines, at);
      if (heading !== null) {
        const text = inline(heading.text);
        if (builder.heading({ level: heading.level, text }) !== null) firstHeading ??= text;
        at = heading.end;
        continue;
      }
      if (punctuation.test(line) && line.length >= 4) {
        at += 1;
        continue;
      }
      const window = lines.slice(at, tableEnd(lines, at));
      const table = readGridTable(window) ?? readSimpleTable(window);
      if (table !== null) {
        appendRows(table.rows);
        at += table.length;
        continue;
      }
      if (listKind !== null) {
        const marker = (bullet.exec(line) ?? enumerator.exec(line))?.[0] ?? "";
        open.list ??= { kind: listKind, group: context.list?.group ?? builder.newGroup() };
        const item = hangingBlock(lines, at, marker.trimEnd().length + 1, marker.length);
        const shown = listKind === "bullet" ? "" : `${marker.trim()} `;
        readBody(item.lines, {
          depth: context.depth + 1,
          quote: false,
          list: { group: open.list.group, depth: (context.list?.depth ?? 0) + 1, marker: shown, marked: false },
        });
        at = item.end;
        continue;
      }
      at = readLineOrParagraph(lines, at, context);
    }
    return firstHeading;
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

  /** Over- and underlined titles; a style's level is its place among those seen. */
  function readHeading(lines: readonly string[], at: number): { text: string; level: number; end: number } | null {
    const first = lines[at] ?? "";
    const second = lines[at + 1] ?? "";
    const third = lines[at + 2] ?? "";
    const over = punctuation.test(first) && second !== "" && !punctuation.test(second) && third === first && first.length >= 3;
    const under =
      !over &&
      second !== "" &&
      punctuation.test(second) &&
      !punctuation.test(first) &&
      second.length >= Math.min(4, first.length) &&
      second.length >= first.length * 0.6;
    if (!over && !under) return null;
    if (under && (lines[at - 1] ?? "") !== "" && !punctuation.test(lines[at - 1] ?? "")) return null;
    const style = over ? `${first[0]}${first[0]}` : (second[0] ?? "");
    let level = styles.indexOf(style);
    if (level === -1) level = styles.push(style) - 1;
    return { text: (over ? second : first).trim(), level: level + 1, end: at + (over ? 3 : 2) };
  }

  /** Directives, comments, footnotes, targets and substitutions. */
  function readExplicit(lines: readonly string[], at: number, context: Context): number {
    const block = hangingBlock(lines, at, 1, 3);
    const [first = "", ...rest] = block.lines;
    const note = /^\[(?:#?[^\]\s]{0,80}|\*)\](?: +(.*))?$/u.exec(first);
    const deeper = { ...context, depth: context.depth + 1 };
    if (note !== null) {
      readBody([note[1] ?? "", ...dedent(rest)], deeper);
      return block.end;
    }
    const directive = /^(?:\|[^|]{1,100}\| )?([A-Za-z][\w:+.-]{0,60})::(?: +(.*))?$/u.exec(first);
    if (directive === null || first.startsWith("|")) return block.end;
    const name = (directive[1] ?? "").toLowerCase();
    const argument = directive[2] ?? "";
    const body = dedent(rest);
    let start = 0;
    while (/^:[\w-]+:/u.test(body[start] ?? "")) start += 1;
    const content = body.slice(start);
    if (codeDirectives.has(name)) {
      const code = name === "math" || name === "productionlist" ? [argument, ...content] : content;
      builder.append({ kind: "code", text: code.join("\n"), group: builder.newGroup() });
    } else if (name === "figure") {
      builder.append({ kind: "caption", text: inline(content.join(" ")) });
    } else if (name === "csv-table") {
      const header = body.find((line) => line.startsWith(":header:"))?.slice(8) ?? "";
      if (argument !== "") builder.append({ kind: "caption", text: inline(argument) });
      const cells = parseDelimited(content.join("\n").replace(/(^|,) +"/gmu, '$1"'), ",").map((row) => ({ cells: row, header: false }));
      const names = parseDelimited(header.trim().replace(/, +"/gu, ',"'), ",").map((row) => ({ cells: row, header: true }));
      appendRows([...names, ...cells]);
    } else if (name === "list-table") {
      if (argument !== "") builder.append({ kind: "caption", text: inline(argument) });
      const headers = Number(/^:header-rows: *(\d+)/mu.exec(body.join("\n"))?.[1] ?? 0);
      appendRows(listTableRows(content).map((cells, index) => ({ cells, header: index < headers })));
    } else if (name === "table") {
      if (argument !== "") builder.append({ kind: "caption", text: inline(argument) });
      readBody(content, deeper);
    } else if (!droppedDirectives.has(name) && !name.startsWith("canonical-")) {
      // Admonitions and directives unknown here: what they hold is text.
      readBody(start > 0 ? [argument, "", ...content] : [argument, ...content], deeper);
    }
    return block.end;
  }

  return { readDocument };
}

/** Rows of a two-level bullet list: `* - a` then `  - b`. */
function listTableRows(lines: readonly string[]): string[][] {
  const rows: string[][] = [];
  for (const line of lines) {
    const row = /^[*-] +[-*] ?(.*)$/u.exec(line);
    const cell = /^ +[-*](?: (.*))?$/u.exec(line);
    const current = rows.at(-1);
    if (row !== null) rows.push([row[1] ?? ""]);
    else if (cell !== null && current !== undefined) current.push(cell[1] ?? "");
    else if (current !== undefined && line.trim() !== "") current[current.length - 1] += ` ${line.trim()}`;
  }
  return rows;
}

function isEnumerated(lines: readonly string[], at: number): boolean {
  const line = lines[at] ?? "";
  if (!enumerator.test(line)) return false;
  const next = lines[at + 1] ?? "";
  return next === "" || next.startsWith(" ") || enumerator.test(next);
}

function paragraphEnd(lines: readonly string[], at: number): number {
  let end = at + 1;
  while (end < lines.length && lines[end] !== "") end += 1;
  return end;
}

/** Tables hold no blank lines at the margin but simple ones may; 2,000 lines are looked at. */
function tableEnd(lines: readonly string[], at: number): number {
  const line = lines[at] ?? "";
  return /^\+[-+]+\+$/u.test(line) || /^=+ +=/u.test(line) ? Math.min(lines.length, at + 2000) : at;
}

/** The lines from `at` that are indented or blank, dedented. */
function indentedBlock(lines: readonly string[], at: number): { lines: string[]; end: number } {
  let end = at;
  while (end < lines.length && (lines[end] === "" || lines[end]?.startsWith(" ") === true)) end += 1;
  return { lines: dedent(lines.slice(at, end)), end };
}

/** An item: its first line from `skip` on, then every following line indented by at least `indent`, dedented. */
function hangingBlock(lines: readonly string[], at: number, indent: number, skip: number): { lines: string[]; end: number } {
  let end = at + 1;
  const margin = " ".repeat(indent);
  while (end < lines.length && (lines[end] === "" || lines[end]?.startsWith(margin) === true)) end += 1;
  return { lines: [(lines[at] ?? "").slice(skip), ...dedent(lines.slice(at + 1, end))], end };
}

function dedent(lines: readonly string[]): string[] {
  let margin = Number.POSITIVE_INFINITY;
  for (const line of lines) if (line !== "") margin = Math.min(margin, line.length - line.trimStart().length);
  return margin === 0 || margin === Number.POSITIVE_INFINITY ? [...lines] : lines.map((line) => line.slice(margin));
}
