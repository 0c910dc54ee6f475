/** A table in canonical text: one line a row, ` | ` between cells, the header first. */
export interface TextTable {
  header: string[];
  /** `line` is the row as it stands in the text. */
  rows: { cells: string[]; line: string }[];
}

/** Tables of a text that have a header of words, two columns or more, and two rows or more. */
export function findTables(text: string): TextTable[] {
  const tables: TextTable[] = [];
  let lines: string[] = [];
  const close = () => {
    const [first, ...rest] = lines;
    lines = [];
    if (first === undefined || rest.length < 2) return;
    const header = cellsOf(first);
    // Numbers in the first line: the table has no header.
    if (new Set(header).size !== header.length || header.some((cell) => !/^\p{L}/u.test(cell))) return;
    tables.push({ header, rows: rest.map((line) => ({ cells: cellsOf(line), line })) });
  };
  for (const line of text.split("\n")) {
    const width = line.includes(" | ") ? cellsOf(line).length : 0;
    if (lines[0] !== undefined && width !== cellsOf(lines[0]).length) close();
    if (width > 1) lines.push(line);
  }
  close();
  return tables;
}

const cellsOf = (line: string): string[] => line.split(" | ").map((cell) => cell.trim());
