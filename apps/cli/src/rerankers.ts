import type { Reranker } from "@footnote/core";
import { createLateInteractionReranker } from "@footnote/embedding";
import type { Store } from "@footnote/storage";
import type { Engine } from "./engine.ts";

/** Late interaction, where the embedder makes token vectors. */
export function createLateInteraction(options: { engine: Engine; store: Pick<Store, "tokenVectors"> }): Reranker[] {
  const { engine, store } = options;
  if (!engine.embedder.capabilities.tokenVectors) return [];
  return [createLateInteractionReranker({ embedder: engine.embedder, tokenVectors: store.tokenVectors })];
}
