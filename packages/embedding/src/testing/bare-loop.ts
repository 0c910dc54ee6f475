import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { bundledModelDir } from "../bundled-model.ts";
import { createWordPiece } from "../word-piece.ts";

export interface BareLoop {
  /** Runs the texts once; resolves to the milliseconds it took. */
  run(texts: readonly string[]): Promise<number>;
  close(): Promise<void>;
}

/**
 * The peer of the embedding benchmark: the same model file in as many threads with one onnxruntime thread each, and
 * nothing but `session.run` on ids made beforehand: no tokenizer, no pooling, no queue, no result sent back.
 */
export async function createBareLoop(options: { threads: number; maxTokens: number }): Promise<BareLoop> {
  const wordPiece = createWordPiece({ tokenizerPath: join(bundledModelDir, "tokenizer.json") });
  const workers = await Promise.all(
    Array.from({ length: options.threads }, async () => {
      const worker = new Worker(new URL("./bare-loop-worker.ts", import.meta.url), { execArgv: [] });
      await nextMessage(worker);
      return worker;
    }),
  );
  return {
    async run(texts) {
      const ids = texts.map((text) => [wordPiece.id("[CLS]"), ...wordPiece.encode(text, options.maxTokens - 2), wordPiece.id("[SEP]")]);
      const started = performance.now();
      await Promise.all(
        workers.map((worker, at) => {
          // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
          worker.postMessage(ids.filter((_, index) => index % workers.length === at));
          return nextMessage(worker);
        }),
      );
      return performance.now() - started;
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function nextMessage(worker: Worker): Promise<unknown> {
  return once(worker, "message");
}
