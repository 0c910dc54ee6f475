export interface RstTable {
  rows: { cells: string[]; header: boolean }[];
  /** Number of lines read. */
  length: number;
}

/** A grid table at the start of `lines` (`+---+` borders), or null. Cells that span columns are read as one cell. */
export function readGridTable(lines: readonly string[]): RstTable | null {
  if (!/^\+[-+]+\+\s*$/u.test(lines[0] ?? "")) return null;
  const end = lines.findIndex((line) => !/^[+|]/u.test(line));
  const table = lines.slice(0, end === -1 ? lines.length : end);
  const headerEnd = table.findIndex((line) => /^\+[=+]+\+\s*$/u.test(line));
  const rows: { cells: string[]; header: boolean }[] = [];
  let columns: string[][] = [];
  const finish = (line: number): void => {
    const cells = columns.map((parts) => parts.join(" ").replace(/\s+/gu, " ").trim());
    if (cells.some((cell) => cell !== "")) rows.push({ cells, header: headerEnd > 0 && line <= headerEnd });
    columns = [];
  };
  for (const [index, line] of table.entries()) {
    if (/^\+[-=+]+\+\s*$/u.test(line)) finish(index);
    else {
      const parts = line
        .trimEnd()
        .replace(/^[|+]|[|+]$/gu, "")
        .split("|");
      for (const [column, part] of parts.entries()) {
        // A partial border inside the row belongs to a cell that spans rows.
        if (!/^[-=+]{3,}$/u.test(part.trim())) (columns[column] ??= []).push(part);
      }
    }
  }
  finish(table.length);
  return { rows, length: table.length };
}

/** A simple table at the start of `lines` (`=== ===` borders), or null. A row without a first cell continues the one above. */
export function readSimpleTable(lines: readonly string[]): RstTable | null {
  const border = lines[0] ?? "";
  if (!isSimpleBorder(border)) return null;
  const columns = [...border.matchAll(/=+/gu)].map((match) => match.index);
  const borders: number[] = [0];
  let length = 1;
  for (; length < lines.length; length += 1) {
    const line = lines[length] ?? "";
    if (!isSimpleBorder(line)) continue;
    borders.push(length);
    const after = lines[length + 1];
    if (borders.length === 3 || after === undefined || after.trim() === "") break;
  }
  if (borders.length < 2) return null;
  const headerEnd = borders.length === 3 ? (borders[1] ?? 0) : 0;
  const rows: { cells: string[]; header: boolean }[] = [];
  for (let index = 1; index < length; index += 1) {
    const line = lines[index] ?? "";
    if (isSimpleBorder(line) || /^-[- ]*$/u.test(line) || line.trim() === "") continue;
    const cells = columns.map((start, column) => line.slice(start, columns[column + 1] ?? line.length).trim());
    const previous = rows.at(-1);
    if (cells[0] === "" && previous !== undefined && previous.header === index < headerEnd) {
      previous.cells = previous.cells.map((cell, column) => `${cell} ${cells[column] ?? ""}`.trim());
    } else rows.push({ cells, header: index < headerEnd });
  }
  return { rows, length: length + 1 };
}

function isSimpleBorder(line: string): boolean {
  return /^=+(?: +=+)+\s*$/u.test(line);
}
