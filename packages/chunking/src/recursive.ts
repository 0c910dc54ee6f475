import type { Chunker } from "@footnote/core";
import { locate } from "./locate.ts";
import { pack } from "./pack.ts";
import { blockPieces, createSizer } from "./pieces.ts";

/**
 * Fills chunks to the brim across sections, cutting only what does not fit: at blocks, then lines or sentences, clauses,
 * words, graphemes. The baseline to compare with.
 */
export function createRecursiveChunker(): Chunker {
  return {
    strategy: "recursive",
    chunk({ document, spec, countTokens }) {
      const { text, language, blocks } = document;
      const sizer = createSizer(text, countTokens);
      const pieces = blockPieces(text, blocks).map(({ piece }) => ({ ...piece, heading: false }));
      return locate(pack(pieces, { text, language, sizer, maxTokens: spec.maxTokens }, { overlapTokens: spec.overlapTokens }), document);
    },
  };
}
