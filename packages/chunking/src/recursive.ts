import type { Chunker, ChunkRequest } from "@footnote/core";
import { locate } from "./locate.ts";
import { pack } from "./pack.ts";
import { blockPieces, createSizer } from "./pieces.ts";
import { allSteps } from "./steps.ts";

/**
 * Fills chunks to the brim across sections, cutting only what does not fit: at blocks, then lines or sentences, clauses,
 * words, graphemes. The baseline to compare with.
 */
export function createRecursiveChunker(): Chunker {
  function* chunkInSteps({ document, spec, countTokens }: ChunkRequest) {
    const { text, language, blocks } = document;
    const sizer = createSizer(text, countTokens);
    const pieces = blockPieces(text, blocks).map(({ piece }) => ({ ...piece, heading: false }));
    const cutter = { text, language, sizer, maxTokens: spec.maxTokens };
    return locate(yield* pack(pieces, cutter, { overlapTokens: spec.overlapTokens }), document);
  }
  return { strategy: "recursive", chunkInSteps, chunk: (request) => allSteps(chunkInSteps(request)) };
}
