import type { ChunkDraft, ParsedDocument } from "../document.ts";
import type { ChunkerSpec } from "../pipeline.ts";

export interface ChunkRequest {
  document: ParsedDocument;
  spec: ChunkerSpec;
  /** Tokens of a text by the collection's embedder. */
  countTokens: (text: string) => number;
  /** One vector for each of `textsToEmbed`, of length 1, in order. For strategies that ask for them. */
  vectors?: readonly Float32Array[];
}

/** Pure. Every non-blank character of the text lies in at least one chunk; spans equal the text; order by start. */
export interface Chunker {
  readonly strategy: ChunkerSpec["strategy"];
  /** Throws `configuration_invalid` when the strategy needs vectors and got none. */
  chunk(request: ChunkRequest): ChunkDraft[];
  /**
   * Texts whose vectors the strategy cuts by, a bounded number for a document of any length. Whoever drives the chunker embeds
   * them and hands them over, so that chunking stays pure. In steps, as `chunkInSteps`. Default: none.
   */
  textsToEmbed?(request: ChunkRequest): Generator<undefined, string[], undefined>;
  /**
   * The same chunks in steps of a few milliseconds, so that a long document does not keep everybody else in the process
   * waiting: whoever drives it lets others run between the steps. Default: one step.
   */
  chunkInSteps?(request: ChunkRequest): Generator<undefined, ChunkDraft[], undefined>;
}
