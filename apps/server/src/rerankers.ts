import type { Reranker } from "@footnote/core";
import { bundledCrossEncoderDir, createCrossEncoder, createLateInteractionReranker } from "@footnote/embedding";
import type { Store } from "@footnote/storage";
import type { Engine } from "./engine.ts";

export interface Rerankers {
  list: Reranker[];
  close(): Promise<void>;
}

/**
 * Late interaction where the embedder makes token vectors, the bundled cross-encoder, and the one of RERANKER_MODEL, each named after its
 * folder. A cross-encoder's threads start when it is first asked.
 */
export function createRerankers(options: { engine: Engine; store: Pick<Store, "tokenVectors">; modelDir?: string | undefined }): Rerankers {
  const { engine, store, modelDir } = options;
  const lateInteraction = engine.embedder.capabilities.tokenVectors
    ? [createLateInteractionReranker({ embedder: engine.embedder, tokenVectors: store.tokenVectors })]
    : [];
  const crossEncoders = [bundledCrossEncoderDir, ...(modelDir === undefined ? [] : [modelDir])].map((dir) =>
    createCrossEncoder({ modelDir: dir }),
  );
  return {
    list: [...lateInteraction, ...crossEncoders],
    close: async () => {
      await Promise.all(crossEncoders.map((crossEncoder) => crossEncoder.close()));
    },
  };
}
