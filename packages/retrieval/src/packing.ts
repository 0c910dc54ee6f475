import { type ChunkReader, type Hit, type LocatedChunk, type PipelineSpec, type TenantId } from "@footnote/core";

/** A hit with the chunks around it that fit the budget. What is cited is `hit.chunk`; the neighbours only help to read it. */
export interface PackedSource {
  hit: Hit;
  /** The chunk before it in the document, when it was packed. */
  before: LocatedChunk[];
  /** The chunk after it. */
  after: LocatedChunk[];
}

/**
 * The sources of an answer: the best `spec.topK` hits as far as their tokens fit `spec.packing.maxTokens` (the first always does),
 * then, for `neighbours`, each one's next and previous chunk, best hit first, while they fit. A chunk is packed once.
 */
export async function packSources(options: {
  tenantId: TenantId;
  hits: readonly Hit[];
  spec: PipelineSpec;
  chunks: ChunkReader;
  signal?: AbortSignal;
}): Promise<PackedSource[]> {
  const { tenantId, hits, spec, chunks, signal } = options;
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
  if (spec.packing.strategy === "none") return sources;
  for (const source of sources) {
    if (left <= 0) break;
    const { versionId, ordinal } = source.hit.chunk;
    const around = await chunks.range({
      tenantId,
      versionId,
      from: Math.max(0, ordinal - 1),
      to: ordinal + 1,
      ...(signal ? { signal } : {}),
    });
    // What follows a passage explains it more often than what precedes it.
    for (const chunk of around.toSorted((a, b) => b.ordinal - a.ordinal)) {
      if (packed.has(chunk.id) || chunk.tokenCount > left) continue;
      left -= chunk.tokenCount;
      packed.add(chunk.id);
      (chunk.ordinal < ordinal ? source.before : source.after).push(chunk);
    }
  }
  return sources;
}
