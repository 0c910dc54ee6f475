import { type ChunkReader, type Hit, type LocatedChunk, type PipelineSpec, type TenantId } from "@footnote/core";

/** A hit with the chunks around it that fit the budget. What is cited is a chunk with its own span; the others only help to read it. */
export interface PackedSource {
  hit: Hit;
  /** Chunks before it in the document, nearest first. */
  before: LocatedChunk[];
  /** Chunks after it, nearest first. */
  after: LocatedChunk[];
}

/** Chunks on one side of a hit that are looked at for its parent section; a section of more is cut around the hit anyway. */
const sectionReach = 40;

/**
 * The sources of an answer: the best `spec.topK` hits as far as their tokens fit `spec.packing.maxTokens` (the first always does), then
 * what `spec.packing.strategy` adds around each, best hit first, while it fits. A chunk is packed once.
 * `neighbours`: the next and the previous chunk. `sentence-window`: as many on each side as the chunker's window, within the section.
 * `parent`: the chunks of the same section (the same heading path, without a gap) around the hit, nearest first, up to
 * `parentTokens` with the hit: small chunks are searched, their section is read, and each chunk keeps its own span.
 */
export async function packSources(options: {
  tenantId: TenantId;
  hits: readonly Hit[];
  spec: PipelineSpec;
  chunks: ChunkReader;
  signal?: AbortSignal;
}): Promise<PackedSource[]> {
  const { tenantId, hits, spec, chunks, signal } = options;
  const { strategy } = spec.packing;
  const sources: PackedSource[] = [];
  const packed = new Set<string>();
  let left = spec.packing.maxTokens;
  for (const hit of hits.slice(0, spec.topK)) {
    if (packed.has(hit.chunk.id)) continue;
    if (sources.length > 0 && hit.chunk.tokenCount > left) continue;
    left -= hit.chunk.tokenCount;
    packed.add(hit.chunk.id);
    sources.push({ hit, before: [], after: [] });
  }
  if (strategy === "none") return sources;
  const reach = strategy === "parent" ? sectionReach : strategy === "sentence-window" ? spec.index.chunker.windowSentences : 1;
  for (const source of sources) {
    if (left <= 0) break;
    const { versionId, ordinal } = source.hit.chunk;
    const around = await chunks.range({
      tenantId,
      versionId,
      from: Math.max(0, ordinal - reach),
      to: ordinal + reach,
      ...(signal ? { signal } : {}),
    });
    let room = strategy === "parent" ? Math.max(0, spec.packing.parentTokens - source.hit.chunk.tokenCount) : left;
    for (const chunk of strategy === "neighbours"
      ? nearestFirst(around, ordinal)
      : nearestFirst(sectionOf(around, source.hit.chunk), ordinal)) {
      if (strategy === "parent" && chunk.tokenCount > room) break;
      // What another hit packed already is part of this one's section all the same.
      room -= chunk.tokenCount;
      if (packed.has(chunk.id) || chunk.tokenCount > left) continue;
      left -= chunk.tokenCount;
      packed.add(chunk.id);
      (chunk.ordinal < ordinal ? source.before : source.after).push(chunk);
    }
  }
  return sources;
}

/** By distance; what follows a passage explains it more often than what precedes it. */
function nearestFirst(around: readonly LocatedChunk[], ordinal: number): LocatedChunk[] {
  return around
    .filter((chunk) => chunk.ordinal !== ordinal)
    .toSorted((a, b) => Math.abs(a.ordinal - ordinal) - Math.abs(b.ordinal - ordinal) || b.ordinal - a.ordinal);
}

/** The unbroken run of chunks with the hit's heading path. */
function sectionOf(around: readonly LocatedChunk[], hit: LocatedChunk): LocatedChunk[] {
  const same = (chunk: LocatedChunk) =>
    chunk.headingPath.length === hit.headingPath.length && chunk.headingPath.every((title, at) => title === hit.headingPath[at]);
  const byOrdinal = new Map(around.map((chunk) => [chunk.ordinal, chunk]));
  const run: LocatedChunk[] = [];
  for (const step of [-1, 1]) {
    for (let at = hit.ordinal + step; ; at += step) {
      const chunk = byOrdinal.get(at);
      if (!chunk || !same(chunk)) break;
      run.push(chunk);
    }
  }
  return run;
}
