import { FootnoteError, type Metadata } from "@footnote/core";
import { accessSchema, limits, metadataSchema } from "@footnote/sdk";
import { requireStorable, validate } from "@footnote/service";
import { parseJson } from "./request-body.ts";

const maxTitleLength = 500;

/** Metadata from JSON text: flat, at most 4,096 bytes. */
export function parseMetadata(text: string, what: string): Metadata {
  if (Buffer.byteLength(text) > limits.metadataBytes) {
    throw new FootnoteError("invalid_request", `${what} is larger than ${limits.metadataBytes} bytes; shorten it.`);
  }
  return validate(metadataSchema, headerJson(text, what), what);
}

/** Principals from a JSON array. */
export function parseAccess(text: string, what: string): string[] {
  return [...new Set(validate(accessSchema, headerJson(text, what), what))];
}

function headerJson(text: string, what: string): unknown {
  try {
    return parseJson(text, what);
  } catch (error) {
    if (error instanceof FootnoteError && error.code === "malformed_json") throw new FootnoteError("invalid_request", error.message);
    throw error;
  }
}

/** Title, metadata and access of an upload from its Footnote-* headers. */
export function readDocumentHeaders(headers: Headers): { title?: string; metadata?: Metadata; access?: string[] } {
  const title = headers.get("footnote-title");
  const metadata = headers.get("footnote-metadata");
  const access = headers.get("footnote-access");
  return {
    ...(title === null ? {} : { title: decodeTitle(title) }),
    ...(metadata === null ? {} : { metadata: parseMetadata(utf8(metadata), "Footnote-Metadata") }),
    ...(access === null ? {} : { access: parseAccess(utf8(access), "Footnote-Access") }),
  };
}

/** A title is percent-encoded UTF-8 (encodeURIComponent), with or without RFC 8187's `UTF-8''` before it. A stray % is taken as it is. */
function decodeTitle(header: string): string {
  const value = utf8(header).replace(/^utf-8'[\w-]*'/i, "");
  let title = value;
  try {
    title = decodeURIComponent(value);
  } catch {
    // Not an escape: "100 % wool" is a title.
  }
  requireStorable(title, "Footnote-Title");
  title = title.replaceAll(/\s+/g, " ").trim();
  if (title === "" || title.length > maxTitleLength || /[\u0000-\u001f\u007f-\u009f]/.test(title)) {
    throw new FootnoteError("invalid_request", `Footnote-Title must be 1 to ${maxTitleLength} characters without control characters.`);
  }
  return title;
}

/** Header bytes arrive as Latin-1; a client that sent UTF-8 is understood. */
function utf8(value: string): string {
  if (!/[\u0080-\u00ff]/.test(value) || /[\u0100-\uffff]/.test(value)) return value;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(value, "latin1"));
  } catch {
    return value;
  }
}
