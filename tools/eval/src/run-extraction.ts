import { evaluateHtmlExtraction } from "./extraction-html.ts";
import type { HtmlExtractionReport } from "./extraction-html.ts";
import { evaluatePdfCleanUp, evaluatePdfExtraction } from "./extraction-pdf.ts";
import type { PdfCleanUpReport, PdfExtractionReport } from "./extraction-pdf.ts";
import { atLeast } from "./goals.ts";
import type { Goal } from "./goals.ts";
import { preparePython } from "./python-environment.ts";
import { findShared, inCheckout } from "./shared-folder.ts";

export const extractionParts = ["clean-up", "html", "pdf"] as const;
export type ExtractionPart = (typeof extractionParts)[number];

export interface ExtractionReport {
  cleanUp?: PdfCleanUpReport;
  html?: HtmlExtractionReport;
  pdf?: PdfExtractionReport;
  skipped: { part: ExtractionPart; reason: string }[];
  goals: Goal[];
}

/** `eval extraction`: each part that its data and programs are there for; the others are named with what is missing. */
export async function runExtraction(options: {
  parts?: readonly ExtractionPart[];
  variables: Record<string, string | undefined>;
  /** Where the environment with pypdfium2 lies or is made. Default `.cache/pdfium` of the checkout. */
  pdfiumFolder?: string;
  log(line: string): void;
  signal?: AbortSignal;
}): Promise<ExtractionReport> {
  const { parts = extractionParts, variables, pdfiumFolder = inCheckout(".cache/pdfium"), log, signal } = options;
  const aborted = signal ? { signal } : {};
  const report: ExtractionReport = { skipped: [], goals: [] };
  const skip = (part: ExtractionPart, reason: string) => {
    report.skipped.push({ part, reason });
    log(`skipped: ${part}: ${reason}`);
  };
  const needs = (path: string): string => `${path} is not here; set FOOTNOTE_SHARED to the folder with the public data sets`;

  if (parts.includes("clean-up")) {
    log("clean-up and reading order of the sample PDFs against examples/handbook/expected:");
    report.cleanUp = await evaluatePdfCleanUp({ folder: inCheckout("examples/handbook"), log });
    report.goals.push(atLeast("clean-up of the sample PDFs, the least of both F1", 0.98, report.cleanUp.least));
  }
  signal?.throwIfAborted();
  if (parts.includes("html")) {
    const path = "data/documents/article-extraction";
    const folder = findShared(path, variables);
    if (folder) {
      log("main content of HTML pages:");
      report.html = await evaluateHtmlExtraction({ folder, log });
      report.goals.push(atLeast("token F1 of article-extraction", 0.9, report.html.footnote.tokenF1));
    } else skip("html", needs(path));
  }
  signal?.throwIfAborted();
  if (parts.includes("pdf")) {
    const path = "data/documents/pdf-samples";
    const folder = findShared(path, variables);
    const pdfium = folder ? await preparePython({ name: "pdfium", folder: pdfiumFolder, log, ...aborted }) : null;
    if (folder && pdfium?.ok) {
      log("raw text of PDFs before any clean-up:");
      report.pdf = await evaluatePdfExtraction({ folder, python: pdfium.python, log, ...aborted });
      report.goals.push(atLeast("median character F1 of pdf-samples against pdfium", 0.97, report.pdf.median));
    } else skip("pdf", pdfium && !pdfium.ok ? pdfium.reason : needs(path));
  }
  return report;
}
