import { FootnoteError, sha256, throwIfAborted } from "@footnote/core";
import type { Embedder, VectorEntry } from "@footnote/core";
import type { PendingChunk, Store } from "@footnote/storage";
import { rethrowChunkedAgain } from "./chunked-again.ts";
import type { Ingestion } from "./ingestion.ts";

interface EmbedOptions {
  store: Pick<Store, "versions" | "writers">;
  embedder: Embedder;
  space: string;
  tokenVectors: boolean;
  batchSize: number;
  /** Told the share of chunks that have their vector. */
  progress(share: number): void;
}

/**
 * Gives every chunk of a version its vector in one space, those that have one already left out. `more` when the turn is over first; `stale` when the
 * stored chunks were made from other inputs and must be made again.
 */
export async function embedChunks({ turn, version, inputOf }: Ingestion, options: EmbedOptions): Promise<"done" | "more" | "stale"> {
  const { space, batchSize, progress } = options;
  const { versions, writers } = options.store;
  const { tenantId, signal } = turn;
  await versions.reuseVectors(tenantId, version.id, space);
  const windowSize = batchSize * 8;
  const { total, pending } = await versions.countChunks(tenantId, version.id, space);
  let done = total - pending;
  // The next batch is embedded while the one before is stored.
  let storing: Promise<void> = Promise.resolve();
  try {
    for (;;) {
      await storing;
      const window = await versions.pendingChunks(tenantId, version.id, space, windowSize);
      if (window.length === 0) return "done";
      const isFull = window.length === windowSize;
      for (let at = 0; at < window.length; at += batchSize) {
        const batch = window.slice(at, at + batchSize);
        const inputs = inputsOf(batch, inputOf);
        if (!inputs) return "stale";
        throwIfAborted(signal);
        const vectors = await embedBatch(batch, inputs, options, signal);
        await storing;
        storing = writers.vectors(space).write({ tenantId, versionId: version.id, entries: vectors }).catch(rethrowChunkedAgain);
        // Reported by the await above; until then it must not count as unhandled.
        storing.catch(() => {});
        done += batch.length;
        progress(Math.min(1, done / total));
        if (turn.isOver() && (isFull || at + batchSize < window.length)) return "more";
      }
    }
  } finally {
    await storing;
  }
}

/** The texts to embed by their hashes; null when one is not what its chunk was made from. */
function inputsOf(batch: readonly PendingChunk[], inputOf: Ingestion["inputOf"]): Map<string, string> | null {
  const inputs = new Map<string, string>();
  for (const { headingPath, contextText, inputSha256 } of batch) {
    const input = inputOf({ headingPath, text: contextText });
    if (sha256(input) !== inputSha256) return null;
    inputs.set(inputSha256, input);
  }
  return inputs;
}

async function embedBatch(
  batch: readonly PendingChunk[],
  inputs: ReadonlyMap<string, string>,
  { embedder, tokenVectors }: EmbedOptions,
  signal: AbortSignal,
): Promise<VectorEntry[]> {
  const embeddings = await embedder.embed({ texts: [...inputs.values()], purpose: "passage", tokenVectors, signal });
  if (embeddings.length !== inputs.size) {
    throw new FootnoteError(
      "embedding_invalid",
      `The embedder returned ${embeddings.length} vectors for ${inputs.size} texts; check the embedder.`,
    );
  }
  const byInput = new Map([...inputs.keys()].map((key, i) => [key, embeddings[i]]));
  return batch.flatMap(({ chunkId, inputSha256 }) => {
    const embedding = byInput.get(inputSha256);
    if (!embedding) return [];
    const { vector, tokenVectors: tokens } = embedding;
    return [{ chunkId, inputSha256, vector, ...(tokens ? { tokenVectors: tokens } : {}) }];
  });
}
