/* oxlint-disable unicorn/require-post-message-target-origin -- a worker thread, not a window */
import { join } from "node:path";
import { parentPort } from "node:worker_threads";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { bundledModelDir } from "../bundled-model.ts";

const session = await InferenceSession.create(join(bundledModelDir, "onnx", "model_quantized.onnx"), {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: "sequential",
});
parentPort?.on("message", async (texts: number[][]) => {
  for (const ids of texts) {
    const shape = [1, ids.length];
    await session.run({
      input_ids: new Tensor("int64", BigInt64Array.from(ids, BigInt), shape),
      attention_mask: new Tensor("int64", new BigInt64Array(ids.length).fill(1n), shape),
      token_type_ids: new Tensor("int64", new BigInt64Array(ids.length), shape),
    });
  }
  parentPort?.postMessage("done");
});
parentPort?.postMessage("ready");
