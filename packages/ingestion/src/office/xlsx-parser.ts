import { FootnoteError, throwIfAborted } from "@footnote/core";
import type { Parser } from "@footnote/core";
import { collapseWhiteSpace, createDocumentBuilder } from "../document-builder.ts";
import type { DocumentBuilder } from "../document-builder.ts";
import { officeMediaTypes } from "../media-type.ts";
import { parseLimits } from "../parse-limits.ts";
import type { ParseLimits } from "../parse-limits.ts";
import { missingPart, openOfficePackage } from "./office-package.ts";
import { formatCellNumber, readNumberFormats } from "./spreadsheet-number.ts";
import { appendTableRows } from "./table-rows.ts";
import { childAt, childElements, readXml } from "./xml-tree.ts";

const maxColumns = 1000;

/** Sheets as headings, rows as table rows: values as they are shown (dates, percentages), formulas by their stored results. */
export function createXlsxParser(options: { limits?: Partial<ParseLimits> } = {}): Parser {
  const limits = parseLimits(options.limits);
  return {
    mediaTypes: [officeMediaTypes.xlsx],
    parse: async ({ bytes, signal }) => {
      throwIfAborted(signal);
      const file = openOfficePackage(bytes, limits);
      const main = [...file.relationships("").values()].find(({ type }) => type === "officeDocument")?.target ?? "xl/workbook.xml";
      const workbook = childAt(file.xml(main) ?? undefined, "workbook");
      if (workbook === undefined) throw missingPart("workbook");
      const parts = file.relationships(main);
      const target = (type: string): string => [...parts.values()].find((part) => part.type === type)?.target ?? "";
      const strings = readSharedStrings(file.bytes(target("sharedStrings")));
      const formats = readNumberFormats(file.xml(target("styles")));
      const date1904 = /^(?:1|true)$/u.test(childAt(workbook, "workbookPr")?.attributes["date1904"] ?? "");
      const builder = createDocumentBuilder(limits);
      for (const [index, sheet] of childElements(childAt(workbook, "sheets"), "sheet").entries()) {
        throwIfAborted(signal);
        if (index >= limits.maxPages) {
          throw new FootnoteError("document_too_many_pages", `The workbook has more than ${limits.maxPages} sheets; split it.`, {
            details: { maxPages: limits.maxPages },
          });
        }
        const part = parts.get(sheet.attributes["r:id"] ?? "");
        if (part === undefined || part.type !== "worksheet") continue;
        if (sheet.attributes["state"] === "hidden" || sheet.attributes["state"] === "veryHidden") {
          builder.warn("A hidden sheet was left out.");
          continue;
        }
        const data = file.bytes(part.target);
        if (data === null) continue;
        appendSheet(builder, { name: sheet.attributes["name"] ?? `Sheet ${index + 1}`, data, strings, formats, date1904 });
      }
      return builder.build({ mediaType: officeMediaTypes.xlsx, title: file.title() });
    },
  };
}

interface Sheet {
  name: string;
  data: Uint8Array;
  strings: readonly string[];
  /** Number formats by cell style. */
  formats: readonly string[];
  date1904: boolean;
}

function appendSheet(builder: DocumentBuilder, sheet: Sheet): void {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = { type: "n", style: 0, column: 0, value: "", inline: "" };
  let inside: "v" | "t" | null = null;
  let phonetic = 0;
  let lastRow = 0;
  readXml(sheet.data, {
    open(name, attributes) {
      if (name === "row") {
        const number = Number(attributes["r"] ?? lastRow + 1);
        // A gap between rows ends a table; its size says nothing.
        if (number > lastRow + 1 && rows.length > 0) rows.push([]);
        lastRow = number;
        row = [];
      } else if (name === "c") {
        cell = {
          type: attributes["t"] ?? "n",
          style: Number(attributes["s"] ?? 0),
          column: columnIndex(attributes["r"]) ?? row.length,
          value: "",
          inline: "",
        };
      } else if (name === "v" || name === "t") inside = name;
      else if (name === "rPh") phonetic += 1;
    },
    close(name) {
      if (name === "v" || name === "t") inside = null;
      else if (name === "rPh") phonetic -= 1;
      else if (name === "c") {
        const text = cellText(cell, sheet);
        if (text !== "" && cell.column < maxColumns) {
          while (row.length < cell.column) row.push("");
          row[cell.column] = text;
        } else if (text !== "") builder.warn(`Columns beyond ${maxColumns} were left out.`);
      } else if (name === "row") rows.push(row);
    },
    text(text) {
      if (inside === "v") cell.value += text;
      else if (inside === "t" && phonetic === 0) cell.inline += text;
    },
  });
  if (!rows.some((cells) => cells.length > 0)) return;
  builder.heading({ level: 1, text: sheet.name });
  appendTableRows(builder, rows);
}

function cellText(cell: { type: string; style: number; value: string; inline: string }, sheet: Sheet): string {
  switch (cell.type) {
    case "s":
      return sheet.strings[Number(cell.value)] ?? "";
    case "inlineStr":
      return collapseWhiteSpace(cell.inline);
    case "b":
      return cell.value === "1" ? "TRUE" : cell.value === "" ? "" : "FALSE";
    case "str":
    case "e":
    case "d":
      return collapseWhiteSpace(cell.value);
    default:
      return formatCellNumber(cell.value, sheet.formats[cell.style] ?? "General", sheet.date1904);
  }
}

/** `BC12` → 54. */
function columnIndex(reference: string | undefined): number | null {
  const letters = /^[A-Z]{1,3}/u.exec(reference ?? "")?.[0];
  if (letters === undefined) return null;
  return [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

function readSharedStrings(bytes: Uint8Array | null): string[] {
  const strings: string[] = [];
  if (bytes === null) return strings;
  let current = "";
  let inText = false;
  let phonetic = 0;
  readXml(bytes, {
    open(name) {
      if (name === "si") current = "";
      else if (name === "t") inText = true;
      else if (name === "rPh") phonetic += 1;
    },
    close(name) {
      if (name === "si") strings.push(collapseWhiteSpace(current));
      else if (name === "t") inText = false;
      else if (name === "rPh") phonetic -= 1;
    },
    text(text) {
      if (inText && phonetic === 0) current += text;
    },
  });
  return strings;
}
