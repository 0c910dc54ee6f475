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
  /**
   * The same chunks in steps of a few milliseconds, so that a long document does not keep everybody else in the process
   * waiting: whoever drives it lets others run between the steps. Default: one step.
   */
  chunkInSteps?(request: ChunkRequest): Generator<undefined, ChunkDraft[], undefined>;
}
