import { basename, dirname, join } from "node:path";
import { workerData } from "node:worker_threads";
import { AutoModel, env, Tensor } from "@xenova/transformers";
import { z } from "zod";
import { gateSchema, serveTasks } from "./serve-tasks.ts";
import { compressTokenVectors, readProjection } from "./token-vectors.ts";
import { createWordPiece } from "./word-piece.ts";

/** One thread of the embedding pool: text in, pooled vector out, one text a call. */

const data = z
  .object({
    gate: gateSchema,
    modelDir: z.string(),
    dtype: z.enum(["q8", "fp32"]),
    maxTokens: z.int().min(3),
    projectionPath: z.string().nullable(),
  })
  .parse(workerData);
const outputSchema = z.object({ last_hidden_state: z.object({ data: z.instanceof(Float32Array), dims: z.array(z.number()) }) });
const taskSchema = z.object({ text: z.string(), tokens: z.enum(["none", "compressed", "projected"]) });

await serveTasks(data.gate, async () => {
  env.allowRemoteModels = false;
  env.localModelPath = dirname(data.modelDir);
  const wordPiece = createWordPiece({ tokenizerPath: join(data.modelDir, "tokenizer.json") });
  const first = wordPiece.id("[CLS]");
  const last = wordPiece.id("[SEP]");
  const projection = data.projectionPath === null ? null : readProjection(data.projectionPath);
  const model = await AutoModel.from_pretrained(basename(data.modelDir), {
    dtype: data.dtype,
    device: "cpu",
    local_files_only: true,
    // One thread each: two sessions with one thread beat one with two, and idle ones do not spin.
    session_options: { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: "sequential" },
  });
  return {
    dispose: () => model.dispose(),
    async run(task) {
      const { text, tokens } = taskSchema.parse(task);
      const ids = [first, ...wordPiece.encode(text, data.maxTokens - 2), last];
      const shape = [1, ids.length];
      const output: unknown = await model({
        input_ids: new Tensor("int64", BigInt64Array.from(ids, BigInt), shape),
        attention_mask: new Tensor("int64", new BigInt64Array(ids.length).fill(1n), shape),
        token_type_ids: new Tensor("int64", new BigInt64Array(ids.length), shape),
      });
      const { states, dimensions } = hiddenStates(output, ids.length);
      const vector = meanPooled(states, dimensions);
      const tokenCount = ids.length - 2;
      if (tokens === "none" || projection === null) return { vector, tokenCount };
      // Special tokens hold the sentence, not a word: they stay out.
      const projected = projection.project(states.subarray(dimensions, states.length - dimensions));
      return {
        vector,
        tokenCount,
        tokenVectors: tokens === "projected" ? projected : compressTokenVectors(projected, projection.dimensions),
      };
    },
  };
});

function hiddenStates(output: unknown, tokens: number): { states: Float32Array; dimensions: number } {
  const parsed = outputSchema.parse(output).last_hidden_state;
  const [batch, rows, dimensions] = parsed.dims;
  if (batch !== 1 || rows !== tokens || dimensions === undefined) throw new TypeError("The model's output has another shape.");
  return { states: parsed.data, dimensions };
}

/** Mean over all tokens, special ones too (as sentence-transformers does), then L2 norm 1. */
function meanPooled(states: Float32Array, dimensions: number): Float32Array {
  const sums = new Float64Array(dimensions);
  for (let at = 0; at < states.length;) for (let i = 0; i < dimensions; i++, at++) sums[i] = (sums[i] ?? 0) + (states[at] ?? 0);
  let squares = 0;
  for (const sum of sums) squares += sum * sum;
  return Float32Array.from(sums, (sum) => sum / Math.sqrt(squares));
}
