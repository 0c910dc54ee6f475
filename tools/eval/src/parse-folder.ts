import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { FootnoteError } from "@footnote/core";
import type { ParsedDocument } from "@footnote/core";
import { parseDocument } from "@footnote/ingestion";
import { findFiles } from "@footnote/server/files";

/**
 * Every file below a folder as the product reads it, by external id. In this process: for files of our own, never for those of strangers.
 * Throws `invalid_request` for a file that cannot be parsed.
 */
export async function parseFolder(folder: string, signal?: AbortSignal): Promise<Map<string, ParsedDocument>> {
  const documents = new Map<string, ParsedDocument>();
  for (const { path, externalId } of await findFiles([folder])) {
    try {
      const parsed = await parseDocument({ bytes: await readFile(path), fileName: basename(path), ...(signal ? { signal } : {}) });
      documents.set(externalId, parsed);
    } catch (cause) {
      signal?.throwIfAborted();
      throw new FootnoteError("invalid_request", `The document ${externalId} cannot be parsed; mend it or take it away.`, { cause });
    }
  }
  return documents;
}
