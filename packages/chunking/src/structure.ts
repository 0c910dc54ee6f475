import type { Chunker } from "@footnote/core";
import { locate } from "./locate.ts";
import { pack } from "./pack.ts";
import { blockPieces, createSizer } from "./pieces.ts";
import type { Cutter } from "./pieces.ts";
import { sections } from "./sections.ts";

/**
 * Chunks that follow the document: none crosses a section, a heading stays with its text, the blocks of a table, list or
 * code fence stay together while they fit, small neighbours share a chunk, and what is too long is cut at rows or
 * lines, sentences, clauses, words, graphemes, in this order.
 */
export function createStructureChunker(): Chunker {
  return {
    strategy: "structure",
    chunk({ document, spec, countTokens }) {
      const { text, language } = document;
      const sizer = createSizer(text, countTokens);
      const cutter: Cutter = { text, language, sizer, maxTokens: spec.maxTokens };
      const chunks = sections(blockPieces(text, document.blocks)).flatMap((pieces) => {
        const total = pieces.reduce((sum, piece) => sum + sizer.cost(piece, spec.maxTokens), 0);
        const targetTokens = total / Math.max(1, Math.ceil(total / spec.maxTokens));
        return pack(pieces, cutter, { overlapTokens: spec.overlapTokens, targetTokens });
      });
      return locate(chunks, document);
    },
  };
}
