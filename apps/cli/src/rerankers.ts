import type { Reranker } from "@footnote/core";
import { createCrossEncoder, createLateInteractionReranker } from "@footnote/embedding";
import type { Store } from "@footnote/storage";
import type { Engine } from "./engine.ts";

export interface Rerankers {
  list: Reranker[];
  close(): Promise<void>;
}

/** Late interaction where the embedder makes token vectors, and the cross-encoder of RERANKER_MODEL, named after its folder. */
export function createRerankers(options: { engine: Engine; store: Pick<Store, "tokenVectors">; modelDir?: string | undefined }): Rerankers {
  const { engine, store, modelDir } = options;
  const lateInteraction = engine.embedder.capabilities.tokenVectors
    ? [createLateInteractionReranker({ embedder: engine.embedder, tokenVectors: store.tokenVectors })]
    : [];
  const crossEncoder = modelDir === undefined ? null : createCrossEncoder({ modelDir });
  return {
    list: crossEncoder ? [...lateInteraction, crossEncoder] : lateInteraction,
    close: async () => await crossEncoder?.close(),
  };
}
