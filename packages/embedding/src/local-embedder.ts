import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Embedder, Embedding, EmbeddingSpace } from "@footnote/core";
import { z } from "zod";
import { bundledModelDir } from "./bundled-model.ts";
import { validateEmbeddings } from "./validate-embeddings.ts";
import { createWordPiece } from "./word-piece.ts";
import { createWorkerPool } from "./worker-pool.ts";
import type { WorkerPool } from "./worker-pool.ts";

export interface LocalEmbedderOptions {
  /** A folder with `tokenizer.json`, `config.json` and `onnx/`. Default: the bundled all-MiniLM-L6-v2. */
  modelDir?: string;
  /** Default: the bundled model's. Another model needs another space. */
  space?: EmbeddingSpace;
  /** `q8` reads onnx/model_quantized.onnx, `fp32` onnx/model.onnx. Default `q8`. */
  dtype?: "q8" | "fp32";
  /** Longest input in tokens, special tokens included. Default 256. */
  maxTokens?: number;
  /** Worker threads, one onnxruntime thread each. Default: the number of cores, at most 4. */
  threads?: number;
  /** Texts after which a worker is replaced. Default 50,000. */
  recycleAfter?: number;
  /** Texts that may wait before a call is refused with `overloaded`. Default 20,000 passages and 2,000 queries. */
  maxWaiting?: { queries: number; passages: number };
  /** A worker that needs longer for one text is replaced. Default 60,000. */
  textTimeoutMs?: number;
}

export interface LocalEmbedder extends Embedder {
  /** Token vectors of a query, projected but not compressed: `count` rows of `dimensions` numbers, each row of length 1. */
  embedQueryTokens(request: { query: string; signal?: AbortSignal | undefined }): Promise<QueryTokens>;
  /** Threads alive, texts waiting, threads started since the beginning. */
  status(): { workers: number; waiting: number; started: number };
}

export interface QueryTokens {
  dimensions: number;
  count: number;
  values: Float32Array;
  /** Rarity of each token in general text (idf of token-idf.bin); absent for a model without that file. */
  weights?: Float32Array;
}

const bundledSpace: EmbeddingSpace = {
  id: "minilm_l6_v2_int8_384",
  dimensions: 384,
  description:
    "sentence-transformers/all-MiniLM-L6-v2, per-channel dynamic int8 ONNX (sha256 ec819957), one text a call, 256 tokens, mean pooling over all tokens, L2 norm 1",
};

interface Task {
  text: string;
  tokens: "none" | "compressed" | "projected";
}

const resultSchema = z.object({
  vector: z.instanceof(Float32Array),
  tokenCount: z.int().min(0),
  tokenVectors: z.union([z.instanceof(Uint8Array), z.instanceof(Float32Array)]).optional(),
});
type WorkerResult = z.infer<typeof resultSchema>;

/**
 * Sentence embeddings on this machine: a BERT-class ONNX model in a pool of worker threads. Threads start at the first
 * call (about half a second). Nothing is ever downloaded. One text a call, because dynamic int8 makes a vector depend on
 * its batch.
 */
export function createLocalEmbedder(options: LocalEmbedderOptions = {}): LocalEmbedder {
  const { modelDir = bundledModelDir, space = bundledSpace, dtype = "q8", maxTokens = 256 } = options;
  const { threads = Math.min(availableParallelism(), 4), recycleAfter = 50_000, textTimeoutMs = 60_000 } = options;
  const { maxWaiting = { queries: 2_000, passages: 20_000 } } = options;
  const wordPiece = createWordPiece({ tokenizerPath: join(modelDir, "tokenizer.json") });
  const projectionPath = join(modelDir, "token-pca.bin");
  const hasProjection = existsSync(projectionPath);
  const idfPath = join(modelDir, "token-idf.bin");
  const idf = hasProjection && existsSync(idfPath) ? readFileSync(idfPath) : null;
  const pool: WorkerPool<Task, WorkerResult> = createWorkerPool({
    url: new URL("./embedding-worker.ts", import.meta.url),
    workerData: { modelDir, dtype, maxTokens, projectionPath: hasProjection ? projectionPath : null },
    name: "The embedding model",
    failureCode: "embedding_failed",
    size: threads,
    recycleAfter,
    maxWaiting: { high: maxWaiting.queries, normal: maxWaiting.passages },
    taskTimeoutMs: textTimeoutMs,
    startTimeoutMs: 60_000,
    maxRetries: 2,
    // Sentences share a message until they make up about half a chunk: a query waits no longer than for a chunk.
    bundle: { size: ({ text }) => text.length, limit: 600 },
    parse: (result) => resultSchema.parse(result),
  });

  return {
    space,
    capabilities: { maxTokens, deterministic: true, tokenVectors: hasProjection, batchSize: 16 * threads, languages: ["en"] },
    async embed({ texts, purpose, tokenVectors = false, signal }) {
      const results = await pool.run({
        tasks: texts.map((text) => ({ text, tokens: tokenVectors && hasProjection ? "compressed" : "none" })),
        priority: purpose === "query" ? "high" : "normal",
        signal,
      });
      const embeddings = results.map(({ vector, tokenCount, tokenVectors: tokens }): Embedding => ({
        vector,
        tokenCount,
        ...(tokens instanceof Uint8Array ? { tokenVectors: tokens } : {}),
      }));
      return validateEmbeddings({ embeddings, count: texts.length, space });
    },
    async embedQueryTokens({ query, signal }) {
      const [result] = await pool.run({ tasks: [{ text: query, tokens: "projected" }], priority: "high", signal });
      const values = result?.tokenVectors instanceof Float32Array ? result.tokenVectors : new Float32Array();
      const count = result?.tokenCount ?? 0;
      const tokens = { dimensions: count === 0 ? 0 : values.length / count, count, values };
      if (idf === null) return tokens;
      const ids = wordPiece.encode(query, maxTokens - 2);
      return { ...tokens, weights: Float32Array.from({ length: count }, (_, at) => (idf[ids[at] ?? 0] ?? 0) / 20) };
    },
    countTokens: (text) => wordPiece.count(text),
    status: () => pool.status(),
    close: () => pool.close(),
  };
}
