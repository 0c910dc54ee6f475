import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { FootnoteError, throwIfAborted } from "@footnote/core";
import type { LocatedChunk, Reranker } from "@footnote/core";
import { z } from "zod";
import { createWorkerPool } from "./worker-pool.ts";
import type { WorkerPool } from "./worker-pool.ts";

export interface CrossEncoderOptions {
  /** A folder with `tokenizer.json`, `tokenizer_config.json`, `config.json` and `onnx/model_quantized.onnx` or `onnx/model.onnx`. */
  modelDir: string;
  /** Longest pair in tokens, special tokens included; the passage is cut to fit. Default 512. */
  maxTokens?: number;
  /** Worker threads, one onnxruntime thread each. Default: the number of cores, at most 4. */
  threads?: number;
  /** Candidates scored at most. Default 100. */
  maxCandidates?: number;
  /** Time for one request; candidates that have no score by then get null. Default 10,000. */
  budgetMs?: number;
  /** Pairs after which a worker is replaced. Default 50,000. */
  recycleAfter?: number;
}

export interface CrossEncoder extends Reranker {
  close(): Promise<void>;
}

const logitSchema = z.number();

interface Pair {
  query: string;
  passage: string;
}

/**
 * Reranks with a local ONNX sequence-classification model that reads query and passage together. The score is its logit
 * (of two classes: the second's minus the first's). One pair a call: dynamic int8 makes a score depend on its batch. What
 * is scored is the chunk's text under its document's title and heading path, a line each.
 */
export function createCrossEncoder(options: CrossEncoderOptions): CrossEncoder {
  const { modelDir, maxTokens = 512, threads = Math.min(availableParallelism(), 4), maxCandidates = 100 } = options;
  const { budgetMs = 10_000, recycleAfter = 50_000 } = options;
  const missing = ["tokenizer.json", "config.json"].find((file) => !existsSync(join(modelDir, file)));
  if (missing !== undefined) {
    throw new FootnoteError("configuration_invalid", `The reranker model ${modelDir} lacks ${missing}; give the folder of an ONNX model.`);
  }
  const pool: WorkerPool<Pair, number> = createWorkerPool({
    url: new URL("./cross-encoder-worker.ts", import.meta.url),
    workerData: { modelDir, maxTokens },
    name: "The reranker model",
    failureCode: "rerank_failed",
    size: threads,
    recycleAfter,
    maxWaiting: { high: 5_000, normal: 5_000 },
    taskTimeoutMs: 60_000,
    startTimeoutMs: 60_000,
    maxRetries: 1,
    parse: (result) => logitSchema.parse(result),
  });
  return {
    name: basename(modelDir),
    capabilities: { maxCandidates, needsTokenVectors: false },
    async rerank({ query, candidates, signal }) {
      throwIfAborted(signal);
      const budget = AbortSignal.timeout(budgetMs);
      const stop = signal === undefined ? budget : AbortSignal.any([signal, budget]);
      const outcomes = await Promise.allSettled(
        candidates
          .slice(0, maxCandidates)
          .map(({ chunk }) => pool.run({ tasks: [{ query, passage: passageOf(chunk) }], priority: "normal", signal: stop })),
      );
      throwIfAborted(signal);
      const scores = candidates.map((_, at) => {
        const outcome = outcomes[at];
        return outcome?.status === "fulfilled" ? (outcome.value[0] ?? null) : null;
      });
      const failed = outcomes.find((outcome) => outcome.status === "rejected");
      if (failed !== undefined && !budget.aborted) throw failed.reason;
      if (failed !== undefined && scores.every((score) => score === null)) {
        throw new FootnoteError("rerank_failed", `The reranker scored nothing within ${budgetMs} ms; send fewer candidates.`);
      }
      return { scores };
    },
    close: () => pool.close(),
  };
}

function passageOf({ title, headingPath, text }: LocatedChunk): string {
  return [...(title === null || headingPath[0] === title ? [] : [title]), ...headingPath, text].join("\n");
}
