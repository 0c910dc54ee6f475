import type { Judges } from "@footnote/evaluation";
import { createEngine } from "../engine.ts";

/** What judges without a key: the bundled embedder for answer relevance. */
export function openJudges(): { judges: Judges; close(): Promise<void> } {
  const engine = createEngine({ embedWorkers: 1 });
  const { embedder } = engine;
  return {
    judges: {
      embed: {
        name: embedder.space.id,
        version: "1",
        async embed(texts, signal) {
          const embeddings = await embedder.embed({ texts, purpose: "query", ...(signal ? { signal } : {}) });
          return embeddings.map(({ vector }) => vector);
        },
      },
    },
    close: () => engine.close(),
  };
}
