import { createLocalJudges, type Judges } from "@footnote/evaluation";
import { createEngine } from "../engine.ts";

/** What judges without a key, on the bundled embedder. */
export function openJudges(): { judges: Required<Judges>; close(): Promise<void> } {
  const engine = createEngine({ embedWorkers: 1 });
  const { embedder } = engine;
  const judges = createLocalJudges({
    name: embedder.space.id,
    async embed(texts, signal) {
      const embeddings = await embedder.embed({ texts, purpose: "query", ...(signal ? { signal } : {}) });
      return embeddings.map(({ vector }) => vector);
    },
  });
  return { judges, close: () => engine.close() };
}
