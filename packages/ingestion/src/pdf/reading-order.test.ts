import { expect, test } from "vitest";
import { buildRows } from "./page-lines.ts";
import type { Run } from "./page-runs.ts";
import { orderRows } from "./reading-order.ts";

function run(text: string, u: number, v: number, more: Partial<Run> = {}): Run {
  return { text, u, v, width: text.length * 5, size: 10, bold: false, monospace: false, rightToLeft: false, ...more };
}

function read(runs: readonly Run[]): string[] {
  return orderRows(buildRows(runs)).flatMap((piece) =>
    piece.type === "line" ? [piece.line.text] : piece.table.rows.map((row) => row.cells.join(" | ")),
  );
}

function column(name: string, left: number, top: number, count: number): Run[] {
  return Array.from({ length: count }, (_, index) => run(`${name}${index} is a line of this long text column`, left, top + index * 12));
}

test("three columns, though their lines stand on the same baselines", () => {
  const runs = [...column("a", 50, 100, 6), ...column("b", 260, 100, 6), ...column("c", 470, 100, 6)];
  expect(read(runs).map((line) => line.slice(0, 2))).toEqual(["a", "b", "c"].flatMap((name) => [0, 1, 2, 3, 4, 5].map((n) => name + n)));
});

test("a line over the whole width divides columns above it from columns below it", () => {
  const wide = run("W".repeat(82), 50, 190);
  const runs = [...column("a", 50, 100, 6), ...column("b", 262, 104, 6), wide, ...column("c", 50, 220, 6), ...column("d", 262, 224, 6)];
  const lines = read(runs).map((line) => line[0]);
  expect(lines.join("")).toBe(`${"a".repeat(6)}${"b".repeat(6)}W${"c".repeat(6)}${"d".repeat(6)}`);
});

test("superscripts stay in their word, words get their spaces, right-to-left runs their order", () => {
  expect(read([run("E = mc", 50, 100), run("2", 80, 96, { size: 6, width: 3 }), run("holds", 88, 100)])).toEqual(["E = mc2 holds"]);
  expect(read([run("ab", 50, 100), run("cd", 60, 100)])).toEqual(["abcd"]);
  expect(read([run("ראשון", 100, 100, { rightToLeft: true }), run("שני", 75, 100, { rightToLeft: true, width: 15 })])).toEqual([
    "ראשון שני",
  ]);
});

test("a table of two columns needs three rows; a list with marks is none", () => {
  const pairs = [0, 1, 2].flatMap((index) => [run(`Key${index}`, 50, 100 + index * 14), run(`value ${index}`, 150, 100 + index * 14)]);
  expect(read(pairs)).toEqual(["Key0 | value 0", "Key1 | value 1", "Key2 | value 2"]);
  const marks = [0, 1, 2].flatMap((index) => [run("•", 50, 100 + index * 14), run(`item ${index}`, 70, 100 + index * 14)]);
  expect(read(marks)).toEqual(["• item 0", "• item 1", "• item 2"]);
});

test("an empty cell keeps its column; a line of contents is no row", () => {
  const rows = [
    ["Part", "Use", "Price"],
    ["Mast", "", "12"],
    ["Rope", "guy", "3"],
  ];
  const runs = rows.flatMap((cells, index) =>
    cells.flatMap((cell, place) => (cell === "" ? [] : [run(cell, 50 + place * 90, 100 + index * 14)])),
  );
  expect(read(runs)).toEqual(["Part | Use | Price", "Mast |  | 12", "Rope | guy | 3"]);
  const contents = [0, 1, 2].flatMap((index) => [
    run(`Chapter ${index} . . . . . . .`, 50, 100 + index * 14),
    run(`${index}`, 400, 100 + index * 14),
  ]);
  expect(read(contents)).toEqual([0, 1, 2].map((index) => `Chapter ${index} . . . . . . . ${index}`));
});
