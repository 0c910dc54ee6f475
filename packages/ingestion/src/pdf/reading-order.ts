import { median } from "./page-lines.ts";
import type { Row, Segment } from "./page-lines.ts";
import { findTables } from "./tables.ts";
import type { Table } from "./tables.ts";

/** A line of running text within its column. */
export interface Line extends Segment {
  /** Bounds of the column the line stands in. */
  columnLeft: number;
  columnRight: number;
}

export type Piece = { type: "line"; line: Line } | { type: "table"; table: Table };

type Element = { type: "segment"; segment: Segment; left: number; right: number; top: number; bottom: number } | TableElement;
interface TableElement {
  type: "table";
  table: Table;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Cuts deeper than this are not made: real pages nest two or three times. */
const maxDepth = 12;

/**
 * Reading order by recursive cuts (XY-cut): tables over the whole width are kept as one element; a vertical strip without text is a gutter when
 * lines stand on both sides of it; lines that cross the gutter (titles, wide tables) cut the page into bands, each read column by column.
 */
export function orderRows(rows: readonly Row[]): Piece[] {
  const elements: Element[] = [];
  const bounds = extent(rows.flatMap((row) => row.segments));
  for (const found of findTables(rows, { minColumns: 3, width: bounds.right - bounds.left })) {
    if ("rows" in found) elements.push({ type: "table", table: found, ...boundsOf(found) });
    else for (const segment of found.segments) elements.push({ type: "segment", segment, ...boundsOf(segment) });
  }
  return order(elements, 0);
}

function boundsOf({ left, right, top, bottom }: Table | Segment): { left: number; right: number; top: number; bottom: number } {
  return { left, right, top, bottom };
}

function extent(pieces: readonly { left: number; right: number }[]): { left: number; right: number } {
  let left = Infinity;
  let right = -Infinity;
  for (const piece of pieces) {
    left = Math.min(left, piece.left);
    right = Math.max(right, piece.right);
  }
  return { left, right };
}

function order(elements: readonly Element[], depth: number): Piece[] {
  if (depth < maxDepth && elements.length > 3) {
    const gutter = findGutter(elements);
    if (gutter !== null) return readBands(elements, gutter, depth);
  }
  return readLeaf(elements);
}

/**
 * The x that separates most text into two columns while the fewest elements cross it. Both sides need lines that fill their column:
 * a ragged table or a list of short entries is no reason to read downwards.
 */
function findGutter(elements: readonly Element[]): number | null {
  const { left, right } = extent(elements);
  const width = right - left;
  const segments = elements.filter((element) => element.type === "segment");
  if (segments.length < 6) return null;
  const em = median(segments.map((element) => element.segment.size));
  const candidates = [...new Set(segments.map((element) => Math.round(element.left)))].filter(
    (x) => x > left + width * 0.15 && x < right - width * 0.12,
  );
  let best: { x: number; score: number } | null = null;
  for (const start of candidates) {
    const x = start - em * 0.3;
    const rightSide = segments.filter((element) => element.left >= x);
    const leftSide = segments.filter((element) => element.right <= x);
    const crossing = elements.length - elements.filter((element) => element.left >= x || element.right <= x).length;
    if (rightSide.length < 3 || leftSide.length < 3 || crossing > elements.length * 0.45) continue;
    // The strip itself: the space left free by most lines of the left side.
    const inner = Math.max(...leftSide.map((element) => element.right));
    if (start - inner < em * 0.7) continue;
    if (!fillsColumn(leftSide) || !fillsColumn(rightSide)) continue;
    const aligned = rightSide.filter((element) => Math.abs(element.left - start) < em * 0.5).length;
    const overlap = verticalOverlap(leftSide, rightSide);
    if (overlap < 0.3) continue;
    const score = Math.min(leftSide.length, rightSide.length) + aligned * 0.5 - crossing * 2;
    if (best === null || score > best.score) best = { x, score };
  }
  return best === null ? null : best.x;
}

function fillsColumn(side: readonly Element[]): boolean {
  const { left, right } = extent(side);
  const fill = median(side.map((element) => (element.right - element.left) / Math.max(1, right - left)));
  const words = median(side.map((element) => (element.type === "segment" ? element.segment.text.split(" ").length : 1)));
  const letters = median(side.map((element) => (element.type === "segment" ? element.segment.text.length : 1)));
  // A side may hold two or three columns itself; then its lines must be long to count.
  return (fill > 0.5 && (words >= 3 || letters >= 15)) || (fill > 0.28 && words >= 5);
}

/** Share of the shorter side's height that lies beside the other. */
function verticalOverlap(leftSide: readonly Element[], rightSide: readonly Element[]): number {
  const [leftTop, leftBottom] = [Math.min(...leftSide.map((e) => e.top)), Math.max(...leftSide.map((e) => e.bottom))];
  const [rightTop, rightBottom] = [Math.min(...rightSide.map((e) => e.top)), Math.max(...rightSide.map((e) => e.bottom))];
  const shared = Math.min(leftBottom, rightBottom) - Math.max(leftTop, rightTop);
  return shared / Math.max(1, Math.min(leftBottom - leftTop, rightBottom - rightTop));
}

function readBands(elements: readonly Element[], gutter: number, depth: number): Piece[] {
  const sorted = [...elements].sort((left, right) => left.top - right.top || left.left - right.left);
  const bands: { crossing: boolean; elements: Element[] }[] = [];
  for (const element of sorted) {
    const crossing = element.left < gutter && element.right > gutter;
    const band = bands.at(-1);
    if (band === undefined || band.crossing !== crossing) bands.push({ crossing, elements: [element] });
    else band.elements.push(element);
  }
  const pieces: Piece[] = [];
  let carried: Element[] = [];
  for (const [index, band] of bands.entries()) {
    if (band.crossing) {
      pieces.push(...readLeaf([...carried, ...band.elements]));
      carried = [];
      continue;
    }
    const next = bands[index + 1];
    let leftSide = band.elements.filter((element) => element.right <= gutter);
    const rightSide = band.elements.filter((element) => element.right > gutter);
    if (next !== undefined && rightSide.length > 0 && leftSide.length > 0) {
      carried = headingOfNextBand(leftSide, rightSide, next.elements);
      leftSide = leftSide.filter((element) => !carried.includes(element));
    }
    pieces.push(...order(leftSide, depth + 1), ...order(rightSide, depth + 1));
  }
  return pieces;
}

/** Lines that stand alone on the left below both columns, nearer to what follows over the whole width, are its heading. */
function headingOfNextBand(leftSide: readonly Element[], rightSide: readonly Element[], next: readonly Element[]): Element[] {
  const rightBottom = Math.max(...rightSide.map((element) => element.bottom));
  const nextTop = Math.min(...next.map((element) => element.top));
  const below = leftSide.filter((element) => element.top >= rightBottom - 1);
  const first = below[0];
  const last = below.at(-1);
  if (first === undefined || last === undefined || below.length > 3) return [];
  const above = leftSide.filter((element) => !below.includes(element));
  const aboveBottom = above.length === 0 ? -Infinity : Math.max(...above.map((element) => element.bottom));
  const usual = median(above.map((element) => (element.type === "segment" ? element.segment.size : 10)));
  const distinct = below.every((element) => element.type === "segment" && (element.segment.bold || element.segment.size > usual * 1.1));
  return distinct || first.top - aboveBottom > Math.max(usual, nextTop - last.bottom) ? below : [];
}

/** Rows from top to bottom, with the tables among them. */
function readLeaf(elements: readonly Element[]): Piece[] {
  const segments = elements.filter((element) => element.type === "segment").map((element) => element.segment);
  const { left, right } = extent(segments);
  const tables = elements.filter((element) => element.type === "table");
  const found: (Table | Row)[] = findTables(rowsOf(segments), { minColumns: 2, width: right - left });
  const pieces: { top: number; piece: Piece[] }[] = tables.map(({ table }) => ({ top: table.top, piece: [{ type: "table", table }] }));
  for (const item of found) {
    if ("rows" in item) pieces.push({ top: item.top, piece: [{ type: "table", table: item }] });
    else pieces.push({ top: item.baseline - item.size, piece: [{ type: "line", line: lineOf(item, left, right) }] });
  }
  return pieces.sort((one, other) => one.top - other.top).flatMap(({ piece }) => piece);
}

function rowsOf(segments: readonly Segment[]): Row[] {
  const rows: Row[] = [];
  for (const segment of [...segments].sort((one, other) => one.baseline - other.baseline || one.left - other.left)) {
    const row = rows.at(-1);
    if (row !== undefined && segment.baseline - row.baseline <= Math.min(segment.size, row.size) * 0.45) {
      row.segments.push(segment);
      row.size = Math.max(row.size, segment.size);
    } else rows.push({ segments: [segment], baseline: segment.baseline, size: segment.size });
  }
  for (const row of rows) row.segments.sort((one, other) => one.left - other.left);
  return rows;
}

function lineOf(row: Row, columnLeft: number, columnRight: number): Line {
  const rightToLeft = row.segments.filter((segment) => segment.rightToLeft).length > row.segments.length / 2;
  const ordered = rightToLeft ? [...row.segments].reverse() : row.segments;
  const main = [...row.segments].sort((one, other) => other.text.length - one.text.length)[0];
  const { left, right } = extent(row.segments);
  return {
    text: ordered.map((segment) => segment.text).join(" "),
    left,
    right,
    top: Math.min(...row.segments.map((segment) => segment.top)),
    bottom: Math.max(...row.segments.map((segment) => segment.bottom)),
    baseline: main?.baseline ?? row.baseline,
    size: main?.size ?? row.size,
    bold: row.segments.every((segment) => segment.bold),
    monospace: row.segments.every((segment) => segment.monospace),
    rightToLeft,
    columnLeft,
    columnRight,
  };
}
