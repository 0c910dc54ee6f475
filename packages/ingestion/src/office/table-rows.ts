import type { DocumentBuilder } from "../document-builder.ts";

/**
 * Appends the rows of a sheet: cells joined by ` | `, one group for each run of rows between blank ones. The first row of
 * a run names its columns when it has several cells, none of them a number or a date.
 */
export function appendTableRows(builder: DocumentBuilder, rows: readonly (readonly string[])[]): void {
  let group: number | null = null;
  for (const [index, row] of rows.entries()) {
    const cells = trimRow(row);
    if (cells.length === 0) {
      group = null;
      continue;
    }
    const first = group === null;
    group ??= builder.newGroup();
    const next = trimRow(rows[index + 1] ?? []);
    const header = first && next.length > 1 && isHeader(cells);
    builder.append({ kind: "table-row", text: cells.join(" | "), group, header });
  }
}

function trimRow(row: readonly string[]): string[] {
  const cells = Array.from(row, (cell) => cell ?? "");
  while (cells.length > 0 && cells.at(-1) === "") cells.pop();
  return cells;
}

function isHeader(cells: readonly string[]): boolean {
  const filled = cells.filter((cell) => cell !== "");
  return (
    filled.length > 1 &&
    filled.length >= cells.length * 0.6 &&
    filled.every((cell) => cell.length < 200 && !/^[-+]?[\d.,]+ ?%?$|^\d{4}-\d{2}-\d{2}/u.test(cell))
  );
}
