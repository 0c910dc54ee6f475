import type { Box } from "@footnote/core";
import type { DocumentBuilder } from "../document-builder.ts";
import { bulletPattern } from "./page-lines.ts";
import type { PageRuns } from "./page-runs.ts";
import { collectWords, isContentsLine, joinLines } from "./text-units.ts";
import type { PlacedLine, TableUnit, TextUnit, Unit } from "./text-units.ts";

interface UnitsToAppend {
  parts: readonly Unit[];
  headings: ReadonlyMap<Unit, number>;
  pages: readonly PageRuns[];
}

/** What the units before left open. */
interface Open {
  list: { group: number; indents: number[] } | null;
  table: { group: number; columns: number; header: string | null; page: number } | null;
}

const captionPattern =
  /^(?:figure|fig\.|table|listing|algorithm|abbildung|tabelle|figura|tableau)\s+[\dIVX]+[A-Za-z]?(?:\.\d+)*\s*[:.–—|]/iu;

/** Units in reading order → blocks; every page is started, an empty one too. */
export function appendUnits(builder: DocumentBuilder, { parts, headings, pages }: UnitsToAppend): void {
  const words = collectWords(parts);
  const waiting = [...pages];
  const open: Open = { list: null, table: null };
  for (const unit of parts) {
    const page = unit.type === "table" ? unit.page : (unit.lines[0]?.page ?? 1);
    while ((waiting[0]?.number ?? Infinity) <= page) startPage(builder, waiting.shift());
    if (unit.type === "table") appendTable(builder, unit, open);
    else appendText(builder, { unit, page, level: headings.get(unit), words }, open);
  }
  for (const page of waiting) startPage(builder, page);
}

function startPage(builder: DocumentBuilder, page: PageRuns | undefined): void {
  if (page !== undefined) builder.startPage({ number: page.number, width: page.width, height: page.height });
}

function appendTable(builder: DocumentBuilder, { table, page, angle }: TableUnit, open: Open): void {
  open.list = null;
  const columns = table.rows[0]?.cells.length ?? 0;
  const continued = open.table !== null && open.table.columns === columns && open.table.page === page - 1 ? open.table : null;
  const group = continued?.group ?? builder.newGroup();
  let header = continued?.header ?? null;
  for (const [index, row] of table.rows.entries()) {
    const text = row.cells.join(" | ");
    // A table that goes on after a page break repeats its header.
    if (index === 0 && continued !== null && text === header) continue;
    const isHeader = row.header && continued === null;
    if (isHeader) header = text;
    builder.append({ kind: "table-row", text, page, boxes: [toBox(row, { page, angle })], group, ...(isHeader ? { header: true } : {}) });
  }
  open.table = { group, columns, header, page };
}

interface TextToAppend {
  unit: TextUnit;
  page: number;
  /** Of a heading. */
  level: number | undefined;
  words: ReadonlySet<string>;
}

function appendText(builder: DocumentBuilder, { unit, page, level, words }: TextToAppend, open: Open): void {
  open.table = null;
  const place = { page, boxes: boxesOf(unit.lines) };
  const text = joinLines(
    unit.lines.map((line) => line.text),
    words,
  );
  if (level === undefined && !unit.monospace && unit.mark !== null) {
    appendItem(builder, { unit, text, place }, open);
    return;
  }
  open.list = null;
  if (level !== undefined) builder.heading({ level, text, ...place });
  else if (unit.monospace) builder.append({ kind: "code", text: indentCode(unit.lines), ...place });
  else {
    const shown = unit.lines.some(isContentsLine) ? text.replace(/\s*(?:\.\s?){4,}\s*/gu, " ") : text;
    builder.append({ kind: captionPattern.test(shown) ? "caption" : "paragraph", text: shown, ...place });
  }
}

function appendItem(
  builder: DocumentBuilder,
  { unit, text, place }: { unit: TextUnit; text: string; place: { page: number; boxes: Box[] } },
  open: Open,
): void {
  open.list ??= { group: builder.newGroup(), indents: [] };
  const { group, indents } = open.list;
  const left = unit.lines[0]?.left ?? 0;
  open.list.indents = [...indents.filter((indent) => indent < left - 4), left];
  builder.append({
    kind: "list-item",
    level: open.list.indents.length,
    text: unit.mark === "bullet" ? text.replace(bulletPattern, "") : text,
    ...place,
    group,
  });
}

/** Code keeps its line ends, and its indentation as far as the positions tell it. */
function indentCode(lines: readonly PlacedLine[]): string {
  const left = Math.min(...lines.map((line) => line.left));
  return lines
    .map((line) => {
      const letter = (line.right - line.left) / Math.max(1, line.text.length);
      return " ".repeat(Math.min(40, Math.max(0, Math.round((line.left - left) / Math.max(letter, 1))))) + line.text;
    })
    .join("\n");
}

/** One box for each column or page that the lines stand in. */
function boxesOf(lines: readonly PlacedLine[]): Box[] {
  const flows = new Map<number, PlacedLine[]>();
  for (const line of lines) {
    const same = flows.get(line.flow);
    if (same === undefined) flows.set(line.flow, [line]);
    else same.push(line);
  }
  return [...flows.values()].map((same) =>
    toBox(
      {
        left: Math.min(...same.map((line) => line.left)),
        right: Math.max(...same.map((line) => line.right)),
        top: Math.min(...same.map((line) => line.top)),
        bottom: Math.max(...same.map((line) => line.bottom)),
      },
      { page: same[0]?.page ?? 1, angle: same[0]?.angle ?? 0 },
    ),
  );
}

/** From the turned frame back to the page. */
function toBox(bounds: { left: number; right: number; top: number; bottom: number }, place: { page: number; angle: number }): Box {
  const cos = Math.cos(place.angle);
  const sin = Math.sin(place.angle);
  const corners = [bounds.left, bounds.right].flatMap((u) =>
    [bounds.top, bounds.bottom].map((v) => ({ x: u * cos - v * sin, y: u * sin + v * cos })),
  );
  const x = Math.min(...corners.map((corner) => corner.x));
  const y = Math.min(...corners.map((corner) => corner.y));
  const round = (value: number): number => Math.round(value * 100) / 100;
  return {
    page: place.page,
    x: round(x),
    y: round(y),
    width: round(Math.max(...corners.map((corner) => corner.x)) - x),
    height: round(Math.max(...corners.map((corner) => corner.y)) - y),
  };
}
