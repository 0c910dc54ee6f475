import { join } from "node:path";
import type { Embedder, EmbeddingSpace } from "@footnote/core";
import { bundledModelDir } from "./bundled-model.ts";
import { readProjection } from "./token-vectors.ts";

/** The bundled model's second space: a third of the bytes of the first. */
export const projectedSpace: EmbeddingSpace = {
  id: "minilm_l6_v2_int8_pca128",
  dimensions: 128,
  description:
    "the vectors of minilm_l6_v2_int8_384, centred and projected on the 128 principal axes of documentation passages (sentence-pca.bin), L2 norm 1",
};

/**
 * An embedder's vectors in a space of fewer dimensions, by a linear map that was fitted beforehand. It shares the threads of the
 * embedder that it projects, keeps no token vectors, and closing it closes nothing: whoever made the embedder closes that.
 */
export function createProjectedEmbedder(options: {
  embedder: Embedder;
  /** In the format of `readProjection`. Default: sentence-pca.bin of the bundled model. */
  projectionPath?: string;
  /** Default: the bundled projection's. */
  space?: EmbeddingSpace;
}): Embedder {
  const { embedder, projectionPath = join(bundledModelDir, "sentence-pca.bin"), space = projectedSpace } = options;
  let projection: ReturnType<typeof readProjection> | null = null;
  return {
    space,
    capabilities: { ...embedder.capabilities, tokenVectors: false },
    async embed({ texts, purpose, signal }) {
      projection ??= readProjection(projectionPath);
      const { project } = projection;
      const made = await embedder.embed({ texts, purpose, ...(signal ? { signal } : {}) });
      return made.map(({ vector, tokenCount }) => ({ vector: project(vector), tokenCount }));
    },
    countTokens: (text) => embedder.countTokens(text),
    close: async () => {},
  };
}
