import type { ParsedDocument } from "../document.ts";

/** What is wrong with a parsed document's text and spans, or null. */
export function spanFault({ text, blocks, pages }: ParsedDocument): string | null {
  if (!text.isWellFormed() || text.includes("\u0000") || text.includes("\r")) return "text is not canonical";
  let at = 0;
  for (const block of blocks) {
    if (block.start < at || block.end <= block.start || block.end > text.length) return `block out of order at ${block.start}`;
    if (text.slice(at, block.start).trim() !== "") return `text between blocks at ${at}`;
    if (text.slice(block.start, block.end).trim() === "") return `blank block at ${block.start}`;
    if (!text.slice(block.start, block.end).isWellFormed()) return `split surrogate pair at ${block.start}`;
    at = block.end;
  }
  if (text.slice(at).trim() !== "") return "text after the last block";
  return pages.some((page) => page.start > page.end || page.end > text.length) ? "page out of range" : null;
}
