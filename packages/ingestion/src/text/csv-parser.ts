import { throwIfAborted } from "@footnote/core";
import type { Parser } from "@footnote/core";
import { collapseWhiteSpace, createDocumentBuilder } from "../document-builder.ts";
import { appendTableRows } from "../office/table-rows.ts";
import { parseLimits } from "../parse-limits.ts";
import type { ParseLimits } from "../parse-limits.ts";
import { decodeText } from "./decode-text.ts";

const delimiters = [",", ";", "\t", "|"] as const;

/** Delimiter-separated values (RFC 4180, and what spreadsheets write): the delimiter is found from the rows, quotes may hold line ends. */
export function createCsvParser(options: { limits?: Partial<ParseLimits> } = {}): Parser {
  const limits = parseLimits(options.limits);
  return {
    mediaTypes: ["text/csv", "text/tab-separated-values"],
    parse: async ({ bytes, signal }) => {
      throwIfAborted(signal);
      const builder = createDocumentBuilder(limits);
      const { text, encoding, guessed } = decodeText(bytes);
      if (guessed) builder.warn(`The encoding was guessed as ${encoding}.`);
      // Excel's own hint about the delimiter.
      const hint = /^\uFEFF?sep=(.)\r?\n/u.exec(text);
      const body = hint === null ? text : text.slice(hint[0].length);
      const rows = parseDelimited(body, hint?.[1] ?? detectDelimiter(body));
      throwIfAborted(signal);
      appendTableRows(
        builder,
        rows.map((row) => row.map(collapseWhiteSpace)),
      );
      return builder.build({ mediaType: "text/csv" });
    },
  };
}

/** The delimiter that cuts the first rows into the same number of columns, more than one; a comma when none does. */
export function detectDelimiter(text: string): string {
  const sample = text.slice(0, 20_000);
  let best = { delimiter: ",", score: 0 };
  for (const delimiter of delimiters) {
    const rows = parseDelimited(sample, delimiter).filter((row) => row.length > 1 || row[0] !== "");
    const counts = rows.slice(0, 30).map((row) => row.length);
    const columns = counts[0] ?? 0;
    const alike = counts.filter((count) => count === columns).length / Math.max(1, counts.length);
    const score = columns > 1 ? alike * alike * Math.log2(1 + Math.min(columns, 32)) : 0;
    if (score > best.score) best = { delimiter, score };
  }
  return best.delimiter;
}

/** Rows of fields. A quote opens only at the start of a field; a doubled quote within is one; an unclosed one ends with its line. Linear. */
export function parseDelimited(text: string, delimiter: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  let lastQuote = text.lastIndexOf('"');
  while (at < text.length) {
    let field: string;
    if (text[at] === '"' && at < lastQuote) {
      const end = closingQuote(text, at + 1);
      if (end === -1) {
        // Never closed: no later quote can close one either.
        lastQuote = -1;
        continue;
      }
      field = text.slice(at + 1, end).replaceAll('""', '"');
      at = end + 1;
      const rest = nextBreak(text, at, delimiter);
      field += text.slice(at, rest);
      at = rest;
    } else {
      const end = nextBreak(text, at, delimiter);
      field = text.slice(at, end);
      at = end;
    }
    row.push(field);
    if (at >= text.length) break;
    if (text.startsWith(delimiter, at)) {
      at += delimiter.length;
      if (at >= text.length) row.push("");
      continue;
    }
    at += text[at] === "\r" && text[at + 1] === "\n" ? 2 : 1;
    rows.push(row);
    row = [];
  }
  if (row.length > 0) rows.push(row);
  return rows;
}

function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at;
  }
  return -1;
}

function nextBreak(text: string, from: number, delimiter: string): number {
  let at = from;
  while (at < text.length && text[at] !== "\n" && text[at] !== "\r" && text[at] !== delimiter) at += 1;
  return at;
}
