import type { Chunker, ChunkerSpec } from "@footnote/core";
import { createRecursiveChunker } from "./recursive.ts";
import { createSemanticChunker } from "./semantic.ts";
import { createSentenceWindowChunker } from "./sentence-window.ts";
import { createStructureChunker } from "./structure.ts";

/**
 * The chunker of a strategy. All are pure, deterministic and linear in the text; every non-blank character lies in at
 * least one chunk, and `tokenCount` stays within `spec.maxTokens` unless a single grapheme needs more.
 */
export function createChunker(strategy: ChunkerSpec["strategy"]): Chunker {
  switch (strategy) {
    case "recursive":
      return createRecursiveChunker();
    case "structure":
      return createStructureChunker();
    case "sentence-window":
      return createSentenceWindowChunker();
    case "semantic":
      return createSemanticChunker();
  }
}
