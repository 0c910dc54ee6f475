import { createHash } from "node:crypto";
import { throwIfAborted } from "../errors.ts";
import type { Embedder } from "../ports/embedder.ts";

/**
 * An embedder without a model: a bag of hashed words. Equal texts give equal vectors, shared words give similarity;
 * it knows nothing of meaning. For tests that need an Embedder and not its quality.
 */
export function createFakeEmbedder(options: { id?: string; dimensions?: number; languages?: string[] } = {}): Embedder {
  const { id = "fake_64", dimensions = 64, languages = ["en"] } = options;
  const words = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return {
    space: { id, dimensions, description: "bag of hashed words, for tests" },
    capabilities: { maxTokens: 256, deterministic: true, tokenVectors: true, batchSize: 16, languages },
    async embed({ texts, tokenVectors, signal }) {
      throwIfAborted(signal);
      return texts.map((text) => {
        const vector = new Float32Array(dimensions);
        const found = words(text).slice(0, 256);
        for (const word of found) {
          const digest = createHash("sha256").update(word).digest();
          const at = digest.readUInt32BE(0) % dimensions;
          vector[at] = (vector[at] ?? 0) + ((digest[4] ?? 0) % 2 === 0 ? 1 : -1);
        }
        const norm = Math.hypot(...vector);
        if (norm === 0) vector[0] = 1;
        else for (let i = 0; i < dimensions; i++) vector[i] = (vector[i] ?? 0) / norm;
        return {
          vector,
          tokenCount: found.length,
          ...(tokenVectors ? { tokenVectors: new Uint8Array(Buffer.from(found.join(" "))) } : {}),
        };
      });
    },
    countTokens: (text) => words(text).length,
    close: async () => {},
  };
}
