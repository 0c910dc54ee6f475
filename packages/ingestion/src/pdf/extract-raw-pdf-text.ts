import { openPdf } from "./open-pdf.ts";

/** The text of every page as pdfjs gives it, before any clean-up or ordering: what the extraction evaluation compares. */
export async function extractRawPdfText(bytes: Uint8Array): Promise<string[]> {
  const { document, close } = await openPdf(bytes);
  try {
    const pages: string[] = [];
    for (let number = 1; number <= document.numPages; number += 1) {
      const page = await document.getPage(number);
      const content = await page.getTextContent();
      pages.push(content.items.map((item) => ("str" in item ? item.str + (item.hasEOL ? "\n" : "") : "")).join(""));
      page.cleanup();
    }
    return pages;
  } finally {
    await close();
  }
}
