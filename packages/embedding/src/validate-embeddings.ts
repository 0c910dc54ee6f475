import { FootnoteError } from "@footnote/core";
import type { Embedding, EmbeddingSpace } from "@footnote/core";

/** How far from 1 a norm may be: rounding to half precision stays well within. */
const normTolerance = 1e-2;

/**
 * Refuses what must never be stored or searched with: a missing or extra row, a wrong length, NaN, infinity, a norm that
 * is not 1. Throws `embedding_invalid` with the row and the reason; returns the rows.
 */
export function validateEmbeddings(options: {
  embeddings: readonly (Embedding | undefined)[];
  /** Texts that were sent. */
  count: number;
  space: EmbeddingSpace;
}): Embedding[] {
  const { embeddings, count, space } = options;
  const refuse = (reason: string, details: Record<string, unknown>): never => {
    throw new FootnoteError("embedding_invalid", `The embedder of ${space.id} returned ${reason}; nothing was stored.`, { details });
  };
  if (embeddings.length !== count) refuse("another number of vectors than texts", { expected: count, got: embeddings.length });
  return Array.from({ length: count }, (_, row) => {
    const embedding = embeddings[row];
    if (embedding === undefined) return refuse("no vector for a text", { row });
    const { vector } = embedding;
    if (vector.length !== space.dimensions) {
      return refuse("a vector of the wrong length", { row, expected: space.dimensions, got: vector.length });
    }
    let squares = 0;
    for (const value of vector) squares += value * value;
    // NaN and infinity make the sum NaN or infinite.
    if (!Number.isFinite(squares)) return refuse("a vector with a number that is not finite", { row });
    if (Math.abs(Math.sqrt(squares) - 1) > normTolerance) return refuse("a vector whose length is not 1", { row });
    return embedding;
  });
}
