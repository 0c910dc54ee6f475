import type { ParsedDocument } from "../document.ts";

export interface ParseRequest {
  bytes: Uint8Array;
  /** Declared by the caller; the content decides. */
  mediaType?: string;
  fileName?: string;
  signal?: AbortSignal;
}

export interface Parser {
  /** Media types it reads. */
  readonly mediaTypes: readonly string[];
  /** Throws a `document_*` or `parse_*` FootnoteError, which says what is wrong with the file. */
  parse(request: ParseRequest): Promise<ParsedDocument>;
}
