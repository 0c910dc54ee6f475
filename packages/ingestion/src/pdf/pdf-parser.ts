import { FootnoteError, throwIfAborted } from "@footnote/core";
import type { Box, Parser } from "@footnote/core";
import type { PDFDocumentProxy } from "pdfjs-dist";
import { createDocumentBuilder } from "../document-builder.ts";
import type { DocumentBuilder } from "../document-builder.ts";
import { parseLimits } from "../parse-limits.ts";
import type { ParseLimits } from "../parse-limits.ts";
import { classifyHeadings } from "./headings.ts";
import { assertInflatedSize } from "./inflated-size.ts";
import { assertComplete, openPdf } from "./open-pdf.ts";
import { withoutFurniture } from "./page-furniture.ts";
import { buildRows, bulletPattern } from "./page-lines.ts";
import { createFontWeights, readPageRuns } from "./page-runs.ts";
import type { PageRuns } from "./page-runs.ts";
import { readOutline } from "./pdf-outline.ts";
import { orderRows } from "./reading-order.ts";
import { buildUnits, collectWords, isContentsLine, joinLines, measureTypography } from "./text-units.ts";
import type { PageUnits, PlacedLine, Unit } from "./text-units.ts";

export const pdfMediaType = "application/pdf";

/** PDF through pdfjs: reading order over columns, headings, lists, tables row by row; headers, footers and page numbers left out. */
export function createPdfParser(options: { limits?: Partial<ParseLimits> } = {}): Parser {
  const limits = parseLimits(options.limits);
  return {
    mediaTypes: [pdfMediaType],
    parse: async ({ bytes, signal }) => {
      throwIfAborted(signal);
      assertComplete(bytes);
      await assertInflatedSize(bytes, limits.maxInflatedBytes);
      const { document, close } = await openPdf(bytes);
      try {
        return await readDocument(document, limits, signal);
      } finally {
        await close();
      }
    },
  };
}

async function readDocument(document: PDFDocumentProxy, limits: ParseLimits, signal: AbortSignal | undefined) {
  const builder = createDocumentBuilder(limits);
  if (document.numPages > limits.maxPages) {
    throw new FootnoteError("document_too_many_pages", `The PDF has ${document.numPages} pages, more than ${limits.maxPages}; split it.`, {
      details: { pages: document.numPages, maxPages: limits.maxPages },
    });
  }
  const pages = await readPages(document, { builder, limits, signal });
  const units = pageUnits(pages);
  const typography = measureTypography(units);
  const parts = buildUnits(units, typography);
  const metadata = await readTitle(document);
  if (parts.length === 0) throw await emptyError(document, signal);
  const outline = await readOutline(document);
  const headings = classifyHeadings(parts, { typography, outline, title: metadata });
  appendUnits(builder, { parts, headings: headings.levels, pages });
  return builder.build({ mediaType: pdfMediaType, title: headings.title ?? metadata });
}

async function readPages(
  document: PDFDocumentProxy,
  { builder, limits, signal }: { builder: DocumentBuilder; limits: ParseLimits; signal: AbortSignal | undefined },
): Promise<PageRuns[]> {
  const weights = createFontWeights();
  const pages: PageRuns[] = [];
  let length = 0;
  let failed = 0;
  for (let number = 1; number <= document.numPages; number += 1) {
    throwIfAborted(signal);
    try {
      const page = await readPageRuns(document, number, weights);
      length += page.frames.reduce((sum, frame) => sum + frame.runs.reduce((total, run) => total + run.text.length, 0), 0);
      pages.push(page);
    } catch {
      failed += 1;
      builder.warn(`Page ${number} is damaged and was left out.`);
    }
    if (length > limits.maxTextLength) {
      throw new FootnoteError("document_too_large", `The PDF holds more than ${limits.maxTextLength} characters of text; split it.`, {
        details: { maxTextLength: limits.maxTextLength },
      });
    }
  }
  if (failed > 0 && failed === document.numPages) {
    throw new FootnoteError("document_corrupt", "No page of the PDF could be read; send an intact copy.");
  }
  return pages;
}

/** Pages in reading order, text in other directions after the page's main text. */
function pageUnits(pages: readonly PageRuns[]): PageUnits[] {
  const rows = pages.map((page) => ({ height: page.height, rows: mainRows(page) }));
  const cleaned = withoutFurniture(rows);
  return pages.flatMap((page, index) =>
    page.frames.map((frame, position) => ({
      page: page.number,
      angle: frame.angle,
      pieces: orderRows(position === 0 && frame.angle === 0 ? (cleaned[index] ?? []) : buildRows(frame.runs)),
    })),
  );
}

function mainRows(page: PageRuns): ReturnType<typeof buildRows> {
  const main = page.frames[0];
  return main === undefined || main.angle !== 0 ? [] : buildRows(main.runs);
}

/** The title of the file's properties, unless it is what a program put there. */
async function readTitle(document: PDFDocumentProxy): Promise<string | null> {
  const metadata = await document.getMetadata().catch(() => null);
  const info: object = metadata?.info ?? {};
  const title = "Title" in info && typeof info.Title === "string" ? info.Title.trim() : "";
  const senseless =
    title.length < 3 ||
    !/\p{L}{2}/u.test(title) ||
    /^(?:untitled|unbenannt|microsoft (?:word|powerpoint|excel)\b|document\d*$|slide \d+|powerpoint presentation|title$)/iu.test(title) ||
    /\.(?:docx?|pptx?|xlsx?|odt|indd|qxd|tex|dvi|pdf|rtf|html?)$/iu.test(title) ||
    /\uFFFD|^[/\\]|^[a-z]:\\|^file:/iu.test(title);
  return senseless ? null : title;
}

/** A page without text: is it a picture, or is there nothing at all? */
async function emptyError(document: PDFDocumentProxy, signal: AbortSignal | undefined): Promise<FootnoteError> {
  const { OPS } = await import("pdfjs-dist/legacy/build/pdf.mjs");
  const pictures = new Set<number>([
    OPS.paintImageXObject,
    OPS.paintInlineImageXObject,
    OPS.paintImageMaskXObject,
    OPS.paintInlineImageXObjectGroup,
    OPS.paintImageXObjectRepeat,
    OPS.paintImageMaskXObjectGroup,
    OPS.paintImageMaskXObjectRepeat,
    OPS.paintSolidColorImageMask,
  ]);
  for (let number = 1; number <= Math.min(document.numPages, 5); number += 1) {
    throwIfAborted(signal);
    const operators = await document
      .getPage(number)
      .then((page) => page.getOperatorList())
      .catch(() => null);
    if (operators?.fnArray.some((operator) => pictures.has(operator))) {
      return new FootnoteError(
        "document_image_only",
        "The PDF holds pictures of pages and no text; run text recognition on it and send the result.",
      );
    }
  }
  return new FootnoteError("document_has_no_text", "The PDF holds no text; nothing of it could be searched.");
}

interface UnitsToAppend {
  parts: readonly Unit[];
  headings: ReadonlyMap<Unit, number>;
  pages: readonly PageRuns[];
}

const captionPattern =
  /^(?:figure|fig\.|table|listing|algorithm|abbildung|tabelle|figura|tableau)\s+[\dIVX]+[A-Za-z]?(?:\.\d+)*\s*[:.–—|]/iu;

function appendUnits(builder: DocumentBuilder, { parts, headings, pages }: UnitsToAppend): void {
  const words = collectWords(parts);
  const waiting = [...pages];
  let list: number | undefined;
  let indents: number[] = [];
  let lastTable: { group: number; columns: number; header: string | null; page: number } | undefined;
  for (const unit of parts) {
    const page = unit.type === "table" ? unit.page : (unit.lines[0]?.page ?? 1);
    while ((waiting[0]?.number ?? Infinity) <= page) {
      const next = waiting.shift();
      if (next !== undefined) builder.startPage({ number: next.number, width: next.width, height: next.height });
    }
    if (unit.type === "table") {
      list = undefined;
      const columns = unit.table.rows[0]?.cells.length ?? 0;
      const continued: typeof lastTable =
        lastTable !== undefined && lastTable.columns === columns && lastTable.page === page - 1 ? lastTable : undefined;
      const group: number = continued?.group ?? builder.newGroup();
      let header: string | null = continued?.header ?? null;
      for (const [index, row] of unit.table.rows.entries()) {
        const text = row.cells.join(" | ");
        // A table that goes on after a page break repeats its header.
        if (index === 0 && continued !== undefined && text === header) continue;
        const isHeader = row.header && continued === undefined;
        if (isHeader) header = text;
        const boxes = [toBox(row, { page, angle: unit.angle })];
        builder.append({ kind: "table-row", text, page, boxes, group, ...(isHeader ? { header: true } : {}) });
      }
      lastTable = { group, columns, header, page };
      continue;
    }
    lastTable = undefined;
    const boxes = boxesOf(unit.lines);
    const lines = unit.lines.map((line) => line.text);
    const level = headings.get(unit);
    if (level !== undefined) {
      list = undefined;
      builder.heading({ level, text: joinLines(lines, words), page, boxes });
    } else if (unit.monospace) {
      list = undefined;
      builder.append({ kind: "code", text: indentCode(unit.lines), page, boxes });
    } else if (unit.mark !== null) {
      if (list === undefined) {
        list = builder.newGroup();
        indents = [];
      }
      const left = unit.lines[0]?.left ?? 0;
      indents = [...indents.filter((indent) => indent < left - 4), left];
      const text = joinLines(lines, words);
      builder.append({
        kind: "list-item",
        level: indents.length,
        text: unit.mark === "bullet" ? text.replace(bulletPattern, "") : text,
        page,
        boxes,
        group: list,
      });
    } else {
      list = undefined;
      const joined = joinLines(lines, words);
      const text = unit.lines.some(isContentsLine) ? joined.replace(/\s*(?:\.\s?){4,}\s*/gu, " ") : joined;
      builder.append({ kind: captionPattern.test(text) ? "caption" : "paragraph", text, page, boxes });
    }
  }
  for (const page of waiting) builder.startPage({ number: page.number, width: page.width, height: page.height });
}

/** Code keeps its line ends, and its indentation as far as the positions tell it. */
function indentCode(lines: readonly PlacedLine[]): string {
  const left = Math.min(...lines.map((line) => line.left));
  return lines
    .map((line) => {
      const letter = (line.right - line.left) / Math.max(1, line.text.length);
      return " ".repeat(Math.min(40, Math.max(0, Math.round((line.left - left) / Math.max(letter, 1))))) + line.text;
    })
    .join("\n");
}

/** One box for each column or page that the lines stand in. */
function boxesOf(lines: readonly PlacedLine[]): Box[] {
  const flows = new Map<number, PlacedLine[]>();
  for (const line of lines) {
    const same = flows.get(line.flow);
    if (same === undefined) flows.set(line.flow, [line]);
    else same.push(line);
  }
  return [...flows.values()].map((same) =>
    toBox(
      {
        left: Math.min(...same.map((line) => line.left)),
        right: Math.max(...same.map((line) => line.right)),
        top: Math.min(...same.map((line) => line.top)),
        bottom: Math.max(...same.map((line) => line.bottom)),
      },
      { page: same[0]?.page ?? 1, angle: same[0]?.angle ?? 0 },
    ),
  );
}

/** From the turned frame back to the page. */
function toBox(bounds: { left: number; right: number; top: number; bottom: number }, place: { page: number; angle: number }): Box {
  const cos = Math.cos(place.angle);
  const sin = Math.sin(place.angle);
  const corners = [bounds.left, bounds.right].flatMap((u) =>
    [bounds.top, bounds.bottom].map((v) => ({ x: u * cos - v * sin, y: u * sin + v * cos })),
  );
  const x = Math.min(...corners.map((corner) => corner.x));
  const y = Math.min(...corners.map((corner) => corner.y));
  const round = (value: number): number => Math.round(value * 100) / 100;
  return {
    page: place.page,
    x: round(x),
    y: round(y),
    width: round(Math.max(...corners.map((corner) => corner.x)) - x),
    height: round(Math.max(...corners.map((corner) => corner.y)) - y),
  };
}
