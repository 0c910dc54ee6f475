import type { Chunker, ChunkRequest, Span } from "@footnote/core";
import { locate } from "./locate.ts";
import { pack } from "./pack.ts";
import type { PackedChunk } from "./pack.ts";
import { blockPieces, createSizer, cut } from "./pieces.ts";
import type { Cutter, Piece } from "./pieces.ts";
import { sections } from "./sections.ts";
import { allSteps } from "./steps.ts";

/**
 * One sentence, table row or line of code a chunk, with the heading above it; `contextSpan` widens it for embedding by up
 * to `windowSentences` neighbours on each side within its section, as far as all of it stays within `maxTokens`.
 */
export function createSentenceWindowChunker(): Chunker {
  function* chunkInSteps({ document, spec, countTokens }: ChunkRequest) {
    const { text, language } = document;
    const sizer = createSizer(text, countTokens);
    const cutter: Cutter = { text, language, sizer, maxTokens: spec.maxTokens };
    const chunks: PackedChunk[] = [];
    const windows: Span[] = [];
    for (const section of sections(blockPieces(text, document.blocks))) {
      const sentences: PackedChunk[] = [];
      for (const unit of units(section, cutter)) {
        sentences.push(...(yield* pack(unit, cutter, { overlapTokens: 0 })));
        yield;
      }
      for (const [at, sentence] of sentences.entries()) {
        chunks.push(sentence);
        windows.push(widened(sentences, at, { maxTokens: spec.maxTokens, sentencesEachSide: spec.windowSentences }));
      }
    }
    return locate(chunks, document).map((draft, at) => {
      const window = windows[at];
      const wider = window !== undefined && (window.start < draft.start || window.end > draft.end);
      return wider ? { ...draft, contextSpan: window } : draft;
    });
  }
  return { strategy: "sentence-window", chunkInSteps, chunk: (request) => allSteps(chunkInSteps(request)) };
}

/** Pieces that make one chunk each: headings go with the sentence after them. */
function units(section: readonly Piece[], cutter: Cutter): Piece[][] {
  const result: Piece[][] = [];
  let headings: Piece[] = [];
  const add = (piece: Piece) => {
    if (piece.kind === "group") for (const part of piece.parts ?? []) add(part);
    else if (piece.heading) headings.push(piece);
    else {
      const parts = piece.kind === "block" ? cut(piece, cutter) : [];
      for (const part of parts[0]?.kind === "sentence" ? parts : [piece]) {
        result.push([...headings, part]);
        headings = [];
      }
    }
  };
  for (const piece of section) add(piece);
  if (headings.length > 0) result.push(headings);
  return result;
}

/** Grows around a sentence, nearest neighbours first, the earlier one before the later. */
function widened(sentences: readonly PackedChunk[], at: number, limits: { maxTokens: number; sentencesEachSide: number }): Span {
  let tokens = sentences[at]?.tokenCount ?? 0;
  let first = at;
  let last = at;
  for (let step = 1; step <= limits.sentencesEachSide; step++) {
    const before = first === at - step + 1 ? sentences[at - step] : undefined;
    if (before !== undefined && tokens + before.tokenCount <= limits.maxTokens) {
      tokens += before.tokenCount;
      first = at - step;
    }
    const after = last === at + step - 1 ? sentences[at + step] : undefined;
    if (after !== undefined && tokens + after.tokenCount <= limits.maxTokens) {
      tokens += after.tokenCount;
      last = at + step;
    }
  }
  return { start: sentences[first]?.start ?? 0, end: sentences[last]?.end ?? 0 };
}
