import { dot, FootnoteError, splitSentences } from "@footnote/core";
import type { Chunker, ChunkRequest, Span } from "@footnote/core";
import { locate } from "./locate.ts";
import { pack } from "./pack.ts";
import type { PackedChunk } from "./pack.ts";
import { blockPieces, createSizer } from "./pieces.ts";
import type { Cutter, Piece } from "./pieces.ts";
import { sections } from "./sections.ts";
import { allSteps } from "./steps.ts";

/**
 * Stretches that a document is meant to be embedded in at most: a longer one is cut by stretches of several sentences. Sections
 * round up, so that at most twice as many are embedded.
 */
export const mostStretches = 1_000;

/** Characters of a stretch that are embedded; what is beyond says little about where it ends. */
const charactersEmbedded = 1_200;

/** Neighbouring sentences that are embedded as one, with the headings before them. */
interface Stretch {
  pieces: Piece[];
}

/**
 * Chunks that end where the subject changes: within each section, neighbouring stretches of sentences are compared by the cosine
 * of their vectors, and the section is cut where the distance is greater than the `breakpointPercentile` of all neighbours of the
 * document (the breakpoints of Kamradt's Five Levels of Text Splitting, 2024). What is longer than `maxTokens` between two cuts is
 * packed as `structure` does. Tables, lists and code stay whole. Costs one vector a stretch, at most twice `mostStretches` a document.
 */
export function createSemanticChunker(): Chunker {
  function cutterOf({ document, spec, countTokens }: ChunkRequest): Cutter {
    const { text, language } = document;
    return { text, language, sizer: createSizer(text, countTokens), maxTokens: spec.maxTokens };
  }

  function* textsToEmbed(request: ChunkRequest): Generator<undefined, string[], undefined> {
    const { text } = request.document;
    const found = yield* stretchesOf(request, cutterOf(request));
    return found
      .filter(compared)
      .flat()
      .map((stretch) => {
        const { start, end } = spanOf(stretch);
        return text.slice(start, Math.min(end, start + charactersEmbedded)).toWellFormed();
      });
  }

  function* chunkInSteps(request: ChunkRequest) {
    const { document, spec, vectors } = request;
    const cutter = cutterOf(request);
    const found = yield* stretchesOf(request, cutter);
    const count = found.filter(compared).reduce((sum, section) => sum + section.length, 0);
    if (vectors?.length !== count) {
      throw new FootnoteError(
        "configuration_invalid",
        `The semantic chunker got ${vectors?.length ?? 0} vectors for ${count} stretches; embed what textsToEmbed gives.`,
      );
    }
    const distances: number[][] = [];
    let at = 0;
    for (const section of found) {
      distances.push(section.slice(1).map((_, i) => 1 - dot(vectors[at + i], vectors[at + i + 1])));
      if (compared(section)) at += section.length;
    }
    const threshold = percentile(distances.flat(), spec.breakpointPercentile);
    const chunks: PackedChunk[] = [];
    for (const [index, section] of found.entries()) {
      let segment: Piece[] = [];
      for (const [i, stretch] of section.entries()) {
        segment.push(...stretch.pieces);
        const last = i === section.length - 1;
        if (!last && (distances[index]?.[i] ?? 0) <= threshold) continue;
        const total = segment.reduce((sum, piece) => sum + cutter.sizer.cost(piece, spec.maxTokens), 0);
        const targetTokens = total / Math.max(1, Math.ceil(total / spec.maxTokens));
        for (const chunk of yield* pack(segment, cutter, { overlapTokens: spec.overlapTokens, targetTokens })) chunks.push(chunk);
        segment = [];
        yield;
      }
    }
    return locate(chunks, document);
  }
  return { strategy: "semantic", textsToEmbed, chunkInSteps, chunk: (request) => allSteps(chunkInSteps(request)) };
}

/** The stretches of each section; a section has at least one, which is compared with nothing when it is alone. */
function* stretchesOf({ document }: ChunkRequest, cutter: Cutter): Generator<undefined, Stretch[][], undefined> {
  const bySection: Stretch[][] = [];
  for (const section of sections(blockPieces(cutter.text, document.blocks))) {
    bySection.push(units(section, cutter));
    yield;
  }
  const total = bySection.reduce((sum, section) => sum + section.length, 0);
  const together = Math.ceil(total / mostStretches);
  if (together <= 1) return bySection;
  const grouped = bySection.map((section) => {
    const groups: Stretch[] = [];
    for (let at = 0; at < section.length; at += together) {
      groups.push({ pieces: section.slice(at, at + together).flatMap(({ pieces }) => pieces) });
    }
    return groups;
  });
  return grouped;
}

/** A section of one stretch has nothing to be compared with, and is not embedded. */
const compared = (section: readonly Stretch[]) => section.length > 1;

/** Sentences and whole blocks, each with the headings before it. */
function units(section: readonly Piece[], cutter: Cutter): Stretch[] {
  const result: Stretch[] = [];
  let headings: Piece[] = [];
  for (const piece of section) {
    if (piece.heading) {
      headings.push(piece);
      continue;
    }
    for (const part of sentencesOf(piece, cutter)) {
      result.push({ pieces: [...headings, part] });
      headings = [];
    }
  }
  if (headings.length > 0) result.push({ pieces: headings });
  return result;
}

/** Not `cut`, which counts the tokens of what holds one sentence only. */
function sentencesOf(piece: Piece, { text, language }: Cutter): Piece[] {
  if (piece.kind !== "block") return [piece];
  const spans = splitSentences(text.slice(piece.start, piece.end), { language });
  if (spans.length < 2) return [piece];
  return spans.map(({ start, end }) => ({ start: piece.start + start, end: piece.start + end, kind: "sentence", heading: false }));
}

function spanOf({ pieces }: Stretch): Span {
  return { start: pieces[0]?.start ?? 0, end: pieces.at(-1)?.end ?? 0 };
}

/** The value at or below which `percent` of the values lie (nearest rank); infinity without values. */
function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.POSITIVE_INFINITY;
}
