import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { workerData } from "node:worker_threads";
import { AutoModelForSequenceClassification, AutoTokenizer, env, Tensor } from "@xenova/transformers";
import { z } from "zod";
import { cutPair } from "./cut-pair.ts";
import { gateSchema, serveTasks } from "./serve-tasks.ts";

/** One thread of a cross-encoder: a query and a passage in, one number out. */

const data = z.object({ gate: gateSchema, modelDir: z.string(), maxTokens: z.int().min(8) }).parse(workerData);
const taskSchema = z.object({ query: z.string(), passage: z.string() });
const outputSchema = z.object({ logits: z.object({ data: z.instanceof(Float32Array) }) });
const encodedSchema = z.object({ input_ids: z.array(z.number()), token_type_ids: z.array(z.number()).optional() });

await serveTasks(data.gate, async () => {
  env.allowRemoteModels = false;
  env.localModelPath = dirname(data.modelDir);
  const name = basename(data.modelDir);
  const tokenizer = await AutoTokenizer.from_pretrained(name, { local_files_only: true });
  const model = await AutoModelForSequenceClassification.from_pretrained(name, {
    dtype: existsSync(join(data.modelDir, "onnx", "model_quantized.onnx")) ? "q8" : "fp32",
    device: "cpu",
    local_files_only: true,
    session_options: { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: "sequential" },
  });
  const encode = (text: string): number[] => tokenizer.encode(text, { add_special_tokens: false });
  return {
    dispose: () => model.dispose(),
    async run(task) {
      const given = taskSchema.parse(task);
      // The tokenizer drops an empty side altogether.
      const query = given.query === "" ? "?" : given.query;
      const passage = given.passage === "" ? "." : given.passage;
      const pair = encodedSchema.parse(tokenizer(query, { text_pair: passage, return_tensor: false, return_token_type_ids: true }));
      const kept = cutPair({ query: encode(query), passage: encode(passage), pair: pair.input_ids, maxTokens: data.maxTokens });
      const tensor = (value: (at: number) => number) =>
        new Tensor(
          "int64",
          BigInt64Array.from(kept, (at) => BigInt(value(at))),
          [1, kept.length],
        );
      const types = pair.token_type_ids;
      const output: unknown = await model({
        input_ids: tensor((at) => pair.input_ids[at] ?? 0),
        attention_mask: tensor(() => 1),
        ...(types === undefined ? {} : { token_type_ids: tensor((at) => types[at] ?? 0) }),
      });
      const logits = outputSchema.parse(output).logits.data;
      const [first = Number.NaN, second] = logits;
      if (logits.length > 2) throw new RangeError("The model has more than two classes.");
      return second === undefined ? first : second - first;
    },
  };
});
