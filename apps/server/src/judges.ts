import { createLocalJudges, type Judges } from "@footnote/evaluation";
import { createEngine } from "./engine.ts";
import type { Engine } from "./engine.ts";

/** What judges without a key, on an engine's embedder. */
export function judgesOf({ embedder }: Pick<Engine, "embedder">): Judges {
  return createLocalJudges({
    name: embedder.space.id,
    async embed(texts, signal) {
      // Judging waits behind questions that somebody asks.
      const embeddings = await embedder.embed({ texts, purpose: "passage", ...(signal ? { signal } : {}) });
      return embeddings.map(({ vector }) => vector);
    },
  });
}

/** The same on an engine of its own. */
export function openJudges(): { judges: Judges; close(): Promise<void> } {
  const engine = createEngine({ embedWorkers: 1 });
  return { judges: judgesOf(engine), close: () => engine.close() };
}
