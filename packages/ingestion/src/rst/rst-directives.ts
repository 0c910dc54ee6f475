import { parseDelimited } from "../text/csv-parser.ts";
import { dedent } from "./rst-lines.ts";

export interface Directive {
  name: string;
  argument: string;
  body: readonly string[];
  /** The body without the `:name: value` lines that it starts with. */
  content: readonly string[];
}

export interface DirectiveRow {
  cells: readonly string[];
  header: boolean;
}

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

/** A directive of an explicit block whose marker is gone; null for comments, targets and substitutions. */
export function parseDirective([first = "", ...rest]: readonly string[]): Directive | null {
  const found = /^([A-Za-z][\w:+.-]{0,60})::(?: +(.*))?$/u.exec(first);
  if (found === null) return null;
  const body = dedent(rest);
  let start = 0;
  while (/^:[\w-]+:/u.test(body[start] ?? "")) start += 1;
  return { name: (found[1] ?? "").toLowerCase(), argument: found[2] ?? "", body, content: body.slice(start) };
}

export function isDropped({ name }: Directive): boolean {
  return droppedDirectives.has(name) || name.startsWith("canonical-");
}

/** The text of a directive that holds code; null for others. */
export function codeOf({ name, argument, content }: Directive): string | null {
  if (!codeDirectives.has(name)) return null;
  return (name === "math" || name === "productionlist" ? [argument, ...content] : content).join("\n");
}

/** The rows of a table directive whose content is no table in itself; null for others. */
export function rowsOf({ name, body, content }: Directive): DirectiveRow[] | null {
  if (name === "csv-table") {
    const header = body.find((line) => line.startsWith(":header:"))?.slice(8) ?? "";
    const cells = parseDelimited(content.join("\n").replace(/(^|,) +"/gmu, '$1"'), ",").map((row) => ({ cells: row, header: false }));
    const names = parseDelimited(header.trim().replace(/, +"/gu, ',"'), ",").map((row) => ({ cells: row, header: true }));
    return [...names, ...cells];
  }
  if (name === "list-table") {
    const headers = Number(/^:header-rows: *(\d+)/mu.exec(body.join("\n"))?.[1] ?? 0);
    return listTableRows(content).map((cells, index) => ({ cells, header: index < headers }));
  }
  return null;
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
