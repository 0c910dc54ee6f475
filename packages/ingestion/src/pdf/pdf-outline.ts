import { foldText } from "@footnote/core";
import type { PDFDocumentProxy } from "pdfjs-dist";

/** Folded title → depth from 1. */
export type Outline = ReadonlyMap<string, number>;

const maxEntries = 5000;
const maxDepth = 20;

/** The bookmarks of the file; empty when there are none or they are damaged. */
export async function readOutline(document: PDFDocumentProxy): Promise<Outline> {
  const outline = new Map<string, number>();
  const entries = await document.getOutline().catch(() => null);
  if (entries === null) return outline;
  let level: typeof entries = entries;
  for (let depth = 1; depth <= maxDepth && level.length > 0; depth += 1) {
    const next: typeof entries = [];
    for (const entry of level) {
      if (outline.size >= maxEntries) return outline;
      const title = outlineKey(entry.title);
      if (title !== "" && !outline.has(title)) outline.set(title, depth);
      next.push(...entry.items);
    }
    level = next;
  }
  return outline;
}

/** How headings and bookmarks are compared: folded, without their number. */
export function outlineKey(title: string): string {
  return foldText(title).replace(/^(?:(?:chapter|section|appendix)\s+)?(?:\d+|[a-z](?=\.))(?:\.\d+)*[.:)]?\s+/u, "");
}
