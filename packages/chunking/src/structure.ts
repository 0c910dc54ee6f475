import type { Chunker, ChunkRequest } from "@footnote/core";
import { locate } from "./locate.ts";
import { pack } from "./pack.ts";
import type { PackedChunk } from "./pack.ts";
import { blockPieces, createSizer } from "./pieces.ts";
import type { Cutter } from "./pieces.ts";
import { sections } from "./sections.ts";
import { allSteps } from "./steps.ts";

/**
 * Chunks that follow the document: none crosses a section, a heading stays with its text, the blocks of a table, list or
 * code fence stay together while they fit, small neighbours share a chunk, and what is too long is cut at rows or
 * lines, sentences, clauses, words, graphemes, in this order.
 */
export function createStructureChunker(): Chunker {
  function* chunkInSteps({ document, spec, countTokens }: ChunkRequest) {
    const { text, language } = document;
    const sizer = createSizer(text, countTokens);
    const cutter: Cutter = { text, language, sizer, maxTokens: spec.maxTokens };
    const chunks: PackedChunk[] = [];
    for (const pieces of sections(blockPieces(text, document.blocks))) {
      let total = 0;
      for (const [i, piece] of pieces.entries()) {
        if (i % 32 === 31) yield;
        total += sizer.cost(piece, spec.maxTokens);
      }
      const targetTokens = total / Math.max(1, Math.ceil(total / spec.maxTokens));
      for (const chunk of yield* pack(pieces, cutter, { overlapTokens: spec.overlapTokens, targetTokens })) chunks.push(chunk);
      yield;
    }
    return locate(chunks, document);
  }
  return { strategy: "structure", chunkInSteps, chunk: (request) => allSteps(chunkInSteps(request)) };
}
