import { FootnoteError, throwIfAborted } from "@footnote/core";
import type { Parser } from "@footnote/core";
import type { PDFDocumentProxy } from "pdfjs-dist";
import { createDocumentBuilder } from "../document-builder.ts";
import type { DocumentBuilder } from "../document-builder.ts";
import { parseLimits } from "../parse-limits.ts";
import type { ParseLimits } from "../parse-limits.ts";
import { classifyHeadings } from "./headings.ts";
import { appendUnits } from "./append-units.ts";
import { assertInflatedSize } from "./inflated-size.ts";
import { assertComplete, openPdf } from "./open-pdf.ts";
import { withoutFurniture } from "./page-furniture.ts";
import { buildRows } from "./page-lines.ts";
import { createFontWeights, readPageRuns } from "./page-runs.ts";
import type { PageRuns } from "./page-runs.ts";
import { readOutline } from "./pdf-outline.ts";
import { orderRows } from "./reading-order.ts";
import { buildUnits, measureTypography } from "./text-units.ts";
import type { PageUnits } from "./text-units.ts";

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
