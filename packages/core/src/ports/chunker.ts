import type { ChunkDraft, ParsedDocument } from "../document.ts";
import type { ChunkerSpec } from "../pipeline.ts";

export interface ChunkRequest {
  document: ParsedDocument;
  spec: ChunkerSpec;
  /** Tokens of a text by the collection's embedder. */
  countTokens: (text: string) => number;
}

/** Pure. Every non-blank character of the text lies in at least one chunk; spans equal the text; order by start. */
export interface Chunker {
  readonly strategy: ChunkerSpec["strategy"];
  chunk(request: ChunkRequest): ChunkDraft[];
}
