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
