import type { ChunkDraft, Chunker, ChunkRequest, Embedder } from "@footnote/core";
import { allSteps } from "./steps.ts";

/** Chunks of a document by any strategy: embeds what the chunker compares, when it compares. For callers that need not let others run. */
export async function chunkDocument(options: {
  chunker: Chunker;
  request: Omit<ChunkRequest, "countTokens" | "vectors">;
  embedder: Pick<Embedder, "embed" | "countTokens">;
  signal?: AbortSignal;
}): Promise<ChunkDraft[]> {
  const { chunker, embedder, signal } = options;
  const request: ChunkRequest = { ...options.request, countTokens: (text) => embedder.countTokens(text) };
  if (!chunker.textsToEmbed) return chunker.chunk(request);
  const texts = allSteps(chunker.textsToEmbed(request));
  const embeddings = texts.length === 0 ? [] : await embedder.embed({ texts, purpose: "passage", ...(signal ? { signal } : {}) });
  return chunker.chunk({ ...request, vectors: embeddings.map(({ vector }) => vector) });
}
