import { mostCommon } from "./page-lines.ts";
import type { Row } from "./page-lines.ts";

export interface PageRows {
  height: number;
  rows: Row[];
}

/** Running headers and footers stand in these outer parts of a page. */
const bandShare = 0.13;
/** A row that stands well apart from the text may lie further in. */
const apartShare = 0.22;
/** Text larger than the body's by this factor is a heading, even where each page has one in the same place. */
const largerShare = 1.15;
/** Rows counted from the edge that may be furniture. */
const outerRows = 3;
/** Text standing at this height on other pages is the same furniture, in points. */
const tolerance = 4;

const pageNumber =
  /^(?:[-–—]\s*)?(?:(?:page|p\.|seite|pagina|página|стр\.)\s*)?\d{1,4}(?:\s*(?:of|\/|von|de|sur)\s*\d{1,4})?(?:\s*[-–—])?$/iu;

/**
 * Removes what repeats in the same band across pages (digits count as equal): headers, footers and page numbers. A text goes when it is found
 * on three pages, or on all pages of a shorter document.
 */
export function withoutFurniture(pages: readonly PageRows[]): Row[][] {
  const places = new Map<string, { page: number; baseline: number }[]>();
  const outer = pages.map((page) => outerBands(page));
  for (const [page, rows] of outer.entries()) {
    for (const row of rows) {
      for (const segment of row.segments) {
        const key = furnitureKey(segment.text);
        const known = places.get(key);
        if (known === undefined) places.set(key, [{ page, baseline: segment.baseline }]);
        else known.push({ page, baseline: segment.baseline });
      }
    }
  }
  const largest = bodySize(pages) * largerShare;
  const needed = Math.max(2, Math.min(3, pages.length));
  return pages.map((page, index) => {
    const bands = new Set(outer[index]);
    const rows: Row[] = [];
    for (const row of page.rows) {
      if (!bands.has(row)) {
        rows.push(row);
        continue;
      }
      const kept = row.segments.filter((segment) => {
        if (segment.size > largest) return true;
        const same = (places.get(furnitureKey(segment.text)) ?? []).filter(
          (place) => Math.abs(place.baseline - segment.baseline) <= tolerance,
        );
        return new Set(same.map((place) => place.page)).size < needed;
      });
      const onlyNumber = kept.length === 1 && pageNumber.test(kept[0]?.text ?? "") && isAlone(page, row, index);
      if (kept.length > 0 && !onlyNumber) rows.push({ ...row, segments: kept });
    }
    return rows;
  });
}

function bodySize(pages: readonly PageRows[]): number {
  const sizes = new Map<number, number>();
  for (const { rows } of pages) {
    for (const { segments } of rows) for (const { size, text } of segments) sizes.set(size, (sizes.get(size) ?? 0) + text.length);
  }
  return mostCommon(sizes) ?? 10;
}

function furnitureKey(text: string): string {
  return text
    .toLowerCase()
    .replace(/\d+/gu, "#")
    .replace(/^[-–—\s]*[ivxlc]{1,6}[-–—\s]*$/u, "#")
    .replace(/\s+/gu, " ");
}

/** The outermost rows that lie in the bands at the top and bottom. */
function outerBands(page: PageRows): Row[] {
  const { rows, height } = page;
  const top = rows.slice(0, outerRows).filter((row, index) => row.baseline < height * bandShare && !isTableRow(row, rows[index + 1]));
  const bottom = rows.slice(-outerRows).filter((row) => row.baseline > height * (1 - bandShare));
  const [first, second] = rows;
  const [beforeLast, last] = rows.slice(-2);
  if (first !== undefined && second !== undefined && first.baseline < height * apartShare && standApart(first, second)) {
    if (first.segments.length < 3) top.push(first);
  }
  if (beforeLast !== undefined && last !== undefined && last.baseline > height * (1 - apartShare) && standApart(beforeLast, last)) {
    if (last.segments.length < 3) bottom.push(last);
  }
  return [...new Set([...top, ...bottom])];
}

/** A table's header row is repeated on every page too, but its cells stand over those of the next row. */
function isTableRow(row: Row, next: Row | undefined): boolean {
  if (next === undefined || row.segments.length < 3 || next.segments.length < 3) return false;
  return next.baseline - row.baseline < row.size * 3;
}

function standApart(upper: Row, lower: Row): boolean {
  return lower.baseline - upper.baseline > Math.max(upper.size, lower.size) * 1.8;
}

/** A lone number at the very bottom, well below the text, is a page number even where no other page has one. */
function isAlone(page: PageRows, row: Row, index: number): boolean {
  const position = page.rows.indexOf(row);
  const above = page.rows[position - 1];
  if (position !== page.rows.length - 1 || above === undefined) return false;
  const number = /\d+/u.exec(row.segments[0]?.text ?? "")?.[0];
  return row.baseline - above.baseline > row.size * 2 && (Number(number) === index + 1 || page.rows.length > 8);
}
