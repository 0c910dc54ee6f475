import { expect, test } from "vitest";
import { withoutFurniture } from "./page-furniture.ts";
import type { PageRows } from "./page-furniture.ts";
import type { Row } from "./page-lines.ts";

function row(baseline: number, ...texts: string[]): Row {
  const segments = texts.map((text, index) => ({
    text,
    left: 60 + index * 120,
    right: 60 + index * 120 + text.length * 5,
    top: baseline - 8,
    bottom: baseline + 2,
    baseline,
    size: 10,
    bold: false,
    monospace: false,
    rightToLeft: false,
  }));
  return { segments, baseline, size: 10 };
}

function page(...rows: Row[]): PageRows {
  return { height: 800, rows };
}

function kept(pages: readonly PageRows[]): string[][] {
  return withoutFurniture(pages).map((rows) => rows.flatMap((one) => one.segments.map((segment) => segment.text)));
}

const body = [row(300, "Text of the page"), row(312, "that goes on")];

test("takes away what repeats at the edges, digits and Roman numbers counting as equal", () => {
  const pages = ["i", "ii", "iii"].map((number, index) => page(row(30, "Company", `Part ${index}`), ...body, row(780, number)));
  expect(kept(pages)).toEqual(pages.map(() => ["Text of the page", "that goes on"]));
});

test("keeps what stands elsewhere, at another height, or on too few pages", () => {
  const pages = [page(row(30, "Only here"), ...body), page(row(30, "Twice"), ...body), page(row(60, "Twice"), ...body)];
  expect(kept(pages).map(([first]) => first)).toEqual(["Only here", "Twice", "Twice"]);
});

test("keeps a table's header that every page repeats, and a title that stands near the top", () => {
  const table = [row(40, "Part", "Use", "Price"), row(60, "A", "B", "1.50")];
  expect(kept([page(...table, ...body), page(...table, ...body)])[1]?.slice(0, 3)).toEqual(["Part", "Use", "Price"]);
});

test("a lone number at the foot of a single page is its number; a year is text", () => {
  expect(kept([page(...body, row(760, "1"))])).toEqual([["Text of the page", "that goes on"]]);
  expect(kept([page(...body, row(760, "– 1 –"))])).toEqual([["Text of the page", "that goes on"]]);
  expect(kept([page(...body, row(760, "2026"))])[0]).toContain("2026");
  expect(kept([page(row(300, "A"), row(312, "1"))])[0]).toContain("1");
});
