import { FootnoteError } from "@footnote/core";
import { createLocalEmbedder } from "@footnote/embedding";
import { chunkingSpecs, evaluateChunking } from "./chunking.ts";
import type { ChunkingReport } from "./chunking.ts";
import { withEmbeddingCache } from "./embedding-cache.ts";

/** `eval chunking`: every shipped strategy on annotated spans, with the bundled model. */
export async function runChunking(options: {
  folder: string;
  /** Only these strategies. Default: all. */
  strategies?: readonly string[];
  /** Embeddings of earlier runs. Default: none are kept. */
  cacheDir?: string;
  log(line: string): void;
  signal?: AbortSignal;
}): Promise<ChunkingReport> {
  const { folder, strategies, cacheDir, log, signal } = options;
  const known = new Set<string>(chunkingSpecs.map(({ strategy }) => strategy));
  const unknown = strategies?.find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new FootnoteError("invalid_request", `There is no strategy ${JSON.stringify(unknown)}; name some of ${[...known].join(", ")}.`);
  }
  const local = createLocalEmbedder();
  const embedder = cacheDir ? await withEmbeddingCache(local, cacheDir) : local;
  try {
    const specs = chunkingSpecs.filter(({ strategy }) => !strategies || strategies.includes(strategy));
    return await evaluateChunking({ folder, embedder, log, specs, ...(signal ? { signal } : {}) });
  } finally {
    await embedder.close();
  }
}
