import { FootnoteError } from "@footnote/core";

/** One JSON object of a file, with what is needed to say where it stands. */
export interface JsonRow {
  row: Record<string, unknown>;
  /** `Line 3 of questions.jsonl`. */
  where: string;
}

/** The objects of a text with one JSON object a line; blank lines are passed over. Throws `invalid_request` naming file and line. */
export function readJsonLines(text: string, name: string): JsonRow[] {
  const rows: JsonRow[] = [];
  for (const [index, line] of text
    .replace(/^\uFEFF/u, "")
    .split("\n")
    .entries()) {
    if (line.trim() === "") continue;
    const where = `Line ${index + 1} of ${name}`;
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch {
      throw new FootnoteError("invalid_request", `${where} is not a JSON object; repair the file.`);
    }
    if (!isRecord(row)) throw new FootnoteError("invalid_request", `${where} is not a JSON object; repair the file.`);
    rows.push({ row, where });
  }
  return rows;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a field has to be, said of the place where it stands. The value itself is never shown. */
export function wrongField(where: string, field: string, wanted: string): FootnoteError {
  return new FootnoteError("invalid_request", `${where}: ${field} must be ${wanted}; repair the file.`);
}
