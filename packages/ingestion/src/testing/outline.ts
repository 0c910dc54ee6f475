import type { ParsedDocument } from "@footnote/core";

/** A document's blocks in one line each, for expectations: `heading1: Title`, `table-row*: A | B` (`*` marks a header row). */
export function outline(document: ParsedDocument): string[] {
  return document.blocks.map(
    ({ kind, level, header, start, end }) => `${kind}${level ?? ""}${header === true ? "*" : ""}: ${document.text.slice(start, end)}`,
  );
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** What is wrong with a parsed document's spans, or null. */
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
