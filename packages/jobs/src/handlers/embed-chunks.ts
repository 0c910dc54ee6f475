import { FootnoteError, sha256, throwIfAborted, toFootnoteError } from "@footnote/core";
import type { Embedder } from "@footnote/core";
import type { PendingChunk, Store, VectorToStore } from "@footnote/storage";
import type { Ingestion } from "./ingest-document.ts";

interface EmbedOptions {
  versions: Store["versions"];
  embedder: Embedder;
  space: string;
  tokenVectors: boolean;
  batchSize: number;
}

/**
 * Gives every chunk of a version its vector in one space, those that have one already left out. `more` when the turn is over first; `stale` when the
 * stored chunks were made from other inputs and must be made again.
 */
export async function embedChunks({ turn, version, inputOf }: Ingestion, options: EmbedOptions): Promise<"done" | "more" | "stale"> {
  const { versions, space, batchSize } = options;
  const { tenantId, signal } = turn;
  await versions.reuseVectors(tenantId, version.id, space);
  const windowSize = batchSize * 8;
  let done = 0;
  // The next batch is embedded while the one before is stored.
  let storing: Promise<void> = Promise.resolve();
  try {
    for (;;) {
      await storing;
      const window = await versions.pendingChunks(tenantId, version.id, space, windowSize);
      if (window.length === 0) return "done";
      const more = window.length === windowSize;
      for (let at = 0; at < window.length; at += batchSize) {
        const batch = window.slice(at, at + batchSize);
        const inputs = inputsOf(batch, inputOf);
        if (!inputs) return "stale";
        throwIfAborted(signal);
        const vectors = await embedBatch(batch, inputs, options, signal);
        await storing;
        storing = versions.saveVectors(tenantId, version.id, space, vectors).catch((error: unknown) => {
          if (toFootnoteError(error).code !== "not_found") throw error;
          // A worker that had lost this job chunked it again in the meantime: the next try sees the new chunks.
          throw new FootnoteError("storage_failed", "The document was chunked again meanwhile; the job is repeated.", { cause: error });
        });
        // Reported by the await above; until then it must not count as unhandled.
        storing.catch(() => {});
        done += batch.length;
        // How many windows follow is unknown; half of what is left is a fair guess.
        const share = more ? 1 - 1 / (1 + done / windowSize) : done / (done + (window.length - at - batch.length));
        turn.progress("embed", 0.2 + 0.65 * Math.min(1, share));
        if (turn.isOver() && (more || at + batchSize < window.length)) return "more";
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
): Promise<VectorToStore[]> {
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
