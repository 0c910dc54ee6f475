import { blockKinds, FootnoteError, splitsSurrogatePair } from "@footnote/core";
import type { ParsedDocument } from "@footnote/core";

/** Trusts nothing that comes from the child: shape, spans and text are checked before the document is used. Throws `parse_crashed`. */
export function checkParsedDocument(value: unknown): ParsedDocument {
  if (isParsedDocument(value)) return value;
  throw new FootnoteError("parse_crashed", "The parsing process answered with something that is no document; report it.", {
    retryable: false,
  });
}

function isParsedDocument(value: unknown): value is ParsedDocument {
  if (!isRecord(value) || typeof value["text"] !== "string" || typeof value["mediaType"] !== "string") return false;
  const { text, title, language, blocks, pages, warnings } = value;
  if (typeof text !== "string" || !text.isWellFormed() || text.includes("\u0000")) return false;
  if (!isStringOrNull(title) || !isStringOrNull(language)) return false;
  if (!Array.isArray(blocks) || !Array.isArray(pages) || !Array.isArray(warnings)) return false;
  if (!warnings.every((warning) => typeof warning === "string")) return false;
  let end = 0;
  for (const block of blocks as unknown[]) {
    if (!isRecord(block) || !isSpan(block, text) || !blockKinds.some((kind) => kind === block["kind"])) return false;
    const { start, headingPath } = block;
    if (Number(start) < end || !Array.isArray(headingPath) || !headingPath.every((part) => typeof part === "string")) return false;
    end = Number(block["end"]);
  }
  return (pages as unknown[]).every((page) => isRecord(page) && Number.isSafeInteger(page["number"]) && isSpan(page, text));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isStringOrNull(value: unknown): boolean {
  return value === null || typeof value === "string";
}

function isSpan(value: Record<string, unknown>, text: string): boolean {
  const { start, end } = value;
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end)) return false;
  const [from, to] = [Number(start), Number(end)];
  return from >= 0 && to >= from && to <= text.length && !splitsSurrogatePair(text, from) && !splitsSurrogatePair(text, to);
}
