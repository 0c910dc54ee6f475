import { FootnoteError, toFootnoteError } from "@footnote/core";

/** For writes of entries: a worker that had lost this job chunked the document again in the meantime, and the next try sees the new chunks. */
export function rethrowChunkedAgain(error: unknown): never {
  if (toFootnoteError(error).code !== "not_found") throw error;
  throw new FootnoteError("storage_failed", "The document was chunked again meanwhile; the job is repeated.", { cause: error });
}
