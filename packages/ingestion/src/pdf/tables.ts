import { median } from "./page-lines.ts";
import type { Row, Segment } from "./page-lines.ts";

export interface TableRow {
  cells: string[];
  left: number;
  right: number;
  top: number;
  bottom: number;
  header: boolean;
}

export interface Table {
  rows: TableRow[];
  left: number;
  right: number;
  top: number;
  bottom: number;
}

interface Column {
  left: number;
  right: number;
}

export interface TableOptions {
  /** Fewest cells of a full row. */
  minColumns: number;
  /** Width of the region, to tell cells from columns of text. */
  width: number;
}

/** Finds runs of rows whose segments stand in the same columns. Returns the tables and the rows that are in none, in order. */
export function findTables(rows: readonly Row[], options: TableOptions): (Table | Row)[] {
  const result: (Table | Row)[] = [];
  let index = 0;
  while (index < rows.length) {
    const found = tableAt(rows, index, options);
    if (found === null) {
      const row = rows[index];
      if (row !== undefined) result.push(row);
      index += 1;
    } else {
      result.push(found.table);
      index = found.next;
    }
  }
  return result;
}

/** A table as far as it has been read. */
interface Growth {
  columns: Column[];
  taken: { row: Row; continuation: boolean }[];
  /** Rows that fill (nearly) all columns. */
  full: number;
}

function tableAt(rows: readonly Row[], start: number, options: TableOptions): { table: Table; next: number } | null {
  const first = rows[start];
  if (first === undefined || first.segments.length < options.minColumns || looksLikeContents(first)) return null;
  const growth: Growth = {
    columns: first.segments.map(({ left, right }) => ({ left, right })),
    taken: [{ row: first, continuation: false }],
    full: 1,
  };
  let next = start + 1;
  while (takeRow(growth, { previous: rows[next - 1], row: rows[next], following: rows[next + 1] }, options)) next += 1;
  return isTable(growth, options) ? { table: makeTable(growth.taken, growth.columns), next } : null;
}

/** Takes the row into the table if it belongs there: close enough below, each of its segments in one column of its own. */
function takeRow(
  growth: Growth,
  { previous, row, following }: { previous: Row | undefined; row: Row | undefined; following: Row | undefined },
  options: TableOptions,
): boolean {
  if (row === undefined || previous === undefined) return false;
  const pitch = row.baseline - previous.baseline;
  const size = Math.max(previous.size, row.size);
  if (pitch > size * 3.6 || looksLikeContents(row)) return false;
  const places = row.segments.map((segment) => columnsUnder(growth.columns, segment));
  if (places.some((place) => place.length > 1)) return false;
  const known = places.flat();
  if (new Set(known).size < known.length) return false;
  const close = pitch < size * 1.32;
  if (row.segments.length >= 2) {
    takeCells(growth, row, { places, close, minColumns: options.minColumns });
    return true;
  }
  if (known[0] === undefined || !close || !continuesCell(row, { column: known[0], following }, options)) return false;
  growth.taken.push({ row, continuation: true });
  return true;
}

function takeCells(
  growth: Growth,
  row: Row,
  { places, close, minColumns }: { places: readonly number[][]; close: boolean; minColumns: number },
): void {
  const { columns } = growth;
  // A new column is believed only where no column is, between or beyond those known.
  for (const [position, segment] of row.segments.entries()) {
    const place = places[position]?.[0];
    const column = place === undefined ? undefined : columns[place];
    if (column === undefined) columns.push({ left: segment.left, right: segment.right });
    else {
      column.left = Math.min(column.left, segment.left);
      column.right = Math.max(column.right, segment.right);
    }
  }
  columns.sort((left, right) => left.left - right.left);
  const cells = row.segments.length;
  if (cells >= minColumns || cells >= columns.length - 1) growth.full += 1;
  const startsRow = places.some((place) => place.includes(0));
  growth.taken.push({ row, continuation: close && !startsRow && cells < columns.length });
}

/** Whether a lone segment is the next line of a cell. In the first column it might be the start of the text below: a following full row decides. */
function continuesCell(row: Row, { column, following }: { column: number; following: Row | undefined }, { width }: TableOptions): boolean {
  const segment = row.segments[0];
  const wholeWidth = segment !== undefined && segment.right - segment.left > width * 0.6;
  return !wholeWidth && (column !== 0 || (following !== undefined && following.segments.length >= 2));
}

function isTable({ columns, taken, full }: Growth, options: TableOptions): boolean {
  if (full < 2 || columns.length < options.minColumns) return false;
  if (columns.length === 2 && full < 3 && taken.length < 3) return false;
  const pieces = taken.flatMap(({ row }) => row.segments);
  return !isProse(pieces, columns, options) && !isFormula(pieces);
}

function columnsUnder(columns: readonly Column[], segment: Segment): number[] {
  const found: number[] = [];
  for (const [index, column] of columns.entries()) {
    if (segment.left < column.right - 1 && segment.right > column.left + 1) found.push(index);
  }
  return found;
}

/** Lines of a table of contents end in a page number after dots. */
function looksLikeContents(row: Row): boolean {
  return row.segments.some((segment) => /(?:\.\s?){4,}\s*\d*$/u.test(segment.text));
}

/** Columns of running text: wide, full lines. */
function isProse(pieces: readonly Segment[], columns: readonly Column[], { width }: TableOptions): boolean {
  const words = median(pieces.map((piece) => piece.text.split(" ").length));
  if (words >= 7) return true;
  const wide = columns.filter((column) => {
    const own = pieces.filter((piece) => piece.left >= column.left - 1 && piece.right <= column.right + 1);
    const fill = median(own.map((piece) => (piece.right - piece.left) / Math.max(1, column.right - column.left)));
    const length = median(own.map((piece) => piece.text.split(" ").length));
    return own.length >= 4 && fill > 0.85 && length >= 5 && column.right - column.left > width * 0.2;
  });
  return wide.length >= 2;
}

/** Pieces of set formulas and drawings stand in columns too, but many of them hold neither letter nor digit. */
function isFormula(pieces: readonly Segment[]): boolean {
  const signs = pieces.filter((piece) => !/[\p{L}\p{N}]/u.test(piece.text) && !/^[-–—✓✔✗xX•]$/u.test(piece.text)).length;
  return signs > pieces.length * 0.15;
}

function makeTable(taken: readonly { row: Row; continuation: boolean }[], columns: readonly Column[]): Table {
  const rows: (TableRow & { bold: boolean })[] = [];
  for (const { row, continuation } of taken) {
    let target = continuation ? rows.at(-1) : undefined;
    if (target === undefined) {
      target = {
        cells: columns.map(() => ""),
        left: Infinity,
        right: -Infinity,
        top: Infinity,
        bottom: -Infinity,
        header: false,
        bold: row.segments.every((segment) => segment.bold),
      };
      rows.push(target);
    }
    for (const segment of row.segments) {
      const column = columnsUnder(columns, segment)[0] ?? 0;
      target.cells[column] = `${target.cells[column] ?? ""} ${segment.text}`.trim();
      target.left = Math.min(target.left, segment.left);
      target.right = Math.max(target.right, segment.right);
      target.top = Math.min(target.top, segment.top);
      target.bottom = Math.max(target.bottom, segment.bottom);
    }
  }
  const [head, ...body] = rows;
  if (head !== undefined && body.length > 0) {
    const numeric = (row: TableRow): number => row.cells.filter((cell) => /^[-+–−(]?[\d$€£][\d.,\s%()]*/u.test(cell)).length;
    const boldHead = head.bold && !body.every((row) => row.bold);
    const wordsOverNumbers = numeric(head) === 0 && body.filter((row) => numeric(row) > 0).length > body.length / 2;
    head.header = boldHead || wordsOverNumbers;
  }
  return {
    rows: rows.map(({ bold: _bold, ...row }) => row),
    left: Math.min(...rows.map((row) => row.left)),
    right: Math.max(...rows.map((row) => row.right)),
    top: Math.min(...rows.map((row) => row.top)),
    bottom: Math.max(...rows.map((row) => row.bottom)),
  };
}
