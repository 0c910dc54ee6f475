import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundledModelDir } from "../bundled-model.ts";

/**
 * Writes a BERT sequence classifier of one layer (16 dimensions, two heads, random weights from a fixed seed) as an ONNX
 * model folder: the architecture of a real cross-encoder, small enough for a test. The ONNX protobuf is written by hand.
 */
export function writeTinyCrossEncoder(folder: string, options: { classes?: number } = {}): void {
  const { classes = 1 } = options;
  mkdirSync(join(folder, "onnx"), { recursive: true });
  const full = JSON.parse(readFileSync(join(bundledModelDir, "tokenizer.json"), "utf8"));
  // The first two thousand tokens hold the special ones, the letters and the commonest words.
  full.model.vocab = Object.fromEntries(Object.entries(full.model.vocab).filter(([, id]) => Number(id) < vocabulary));
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(full));
  writeFileSync(join(folder, "tokenizer_config.json"), readFileSync(join(bundledModelDir, "tokenizer_config.json")));
  writeFileSync(
    join(folder, "config.json"),
    JSON.stringify({
      architectures: ["BertForSequenceClassification"],
      model_type: "bert",
      hidden_size: hidden,
      num_attention_heads: heads,
      num_hidden_layers: 1,
      vocab_size: vocabulary,
      id2label: Object.fromEntries(Array.from({ length: classes }, (_, at) => [at, `LABEL_${at}`])),
    }),
  );
  writeFileSync(join(folder, "onnx", "model.onnx"), model(classes));
}

const vocabulary = 3000;
const hidden = 16;
const heads = 2;
const headSize = hidden / heads;
const positions = 512;

type Field = [number: number, value: number | string | Uint8Array];

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

/** A protobuf message: whole numbers as varints, strings and messages with their length. */
function message(fields: readonly Field[]): Uint8Array {
  return Buffer.concat(
    fields.map(([number, value]) => {
      if (typeof value === "number") return Buffer.from([...varint(number << 3), ...varint(value)]);
      const bytes = Buffer.from(value);
      return Buffer.concat([Buffer.from([...varint((number << 3) | 2), ...varint(bytes.length)]), bytes]);
    }),
  );
}

function model(classes: number): Uint8Array {
  const nodes: Uint8Array[] = [];
  const weights: Uint8Array[] = [];
  let seed = 7;
  // Lehmer's generator: the same weights on every machine.
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647 - 0.5;
  const floats = (name: string, dims: number[], value: () => number = random) => {
    const data = Float32Array.from({ length: dims.reduce((product, size) => product * size, 1) }, value);
    weights.push(message([...dims.map((size): Field => [1, size]), [2, 1], [8, name], [9, Buffer.from(data.buffer)]]));
    return name;
  };
  const integers = (name: string, values: number[]) => {
    const data = BigInt64Array.from(values, BigInt);
    weights.push(
      message([
        [1, values.length],
        [2, 7],
        [8, name],
        [9, Buffer.from(data.buffer)],
      ]),
    );
    return name;
  };
  const node = (type: string, inputs: string[], output: string, attributes: Uint8Array[] = []) => {
    nodes.push(
      message([
        ...inputs.map((name): Field => [1, name]),
        [2, output],
        [3, output],
        [4, type],
        ...attributes.map((attribute): Field => [5, attribute]),
      ]),
    );
    return output;
  };
  const int = (name: string, value: number) =>
    message([
      [1, name],
      [3, value],
      [20, 2],
    ]);
  const ints = (name: string, values: number[]) => message([[1, name], ...values.map((value): Field => [8, value]), [20, 7]]);
  const linear = (input: string, name: string, from: number, to: number) =>
    node("Add", [node("MatMul", [input, floats(`${name}.w`, [from, to])], `${name}.m`), floats(`${name}.b`, [to])], name);
  const norm = (input: string, name: string) =>
    node("LayerNormalization", [input, floats(`${name}.g`, [hidden], () => 1), floats(`${name}.b`, [hidden], () => 0)], name, [
      int("axis", -1),
    ]);
  const split = (input: string, name: string) =>
    node("Transpose", [node("Reshape", [input, "heads"], `${name}.r`)], name, [ints("perm", [0, 2, 1, 3])]);

  integers("heads", [0, 0, heads, headSize]);
  integers("joined", [0, 0, hidden]);
  integers("zero", [0]);
  integers("one", [1]);
  integers("first", [1]);
  integers("axis1", [1]);
  integers("axes12", [1, 2]);
  // Embeddings: word + position + type.
  const words = node("Gather", [floats("word", [vocabulary, hidden]), "input_ids"], "words");
  const types = node("Gather", [floats("type", [2, hidden]), "token_type_ids"], "types");
  const shape = node("Shape", ["input_ids"], "shape", [int("start", 1), int("end", 2)]);
  const places = node("Slice", [floats("position", [positions, hidden]), "zero", shape, "zero"], "places");
  const embedded = norm(node("Add", [node("Add", [words, types], "wt"), places], "wtp"), "embedded");
  // Self-attention with a mask.
  const query = split(linear(embedded, "q", hidden, hidden), "q.h");
  const key = node("Transpose", [split(linear(embedded, "k", hidden, hidden), "k.h")], "k.t", [ints("perm", [0, 1, 3, 2])]);
  const value = split(linear(embedded, "v", hidden, hidden), "v.h");
  const mask = node("Cast", [node("Unsqueeze", ["attention_mask", "axes12"], "mask.u")], "mask.f", [int("to", 1)]);
  const penalty = node("Mul", [node("Sub", [mask, floats("unit", [1], () => 1)], "mask.s"), floats("large", [1], () => 10_000)], "penalty");
  const scaled = node("Div", [node("MatMul", [query, key], "qk"), floats("root", [1], () => Math.sqrt(headSize))], "scaled");
  const attention = node("Softmax", [node("Add", [scaled, penalty], "masked")], "attention", [int("axis", -1)]);
  const mixed = node("Transpose", [node("MatMul", [attention, value], "mixed.h")], "mixed.t", [ints("perm", [0, 2, 1, 3])]);
  const attended = linear(node("Reshape", [mixed, "joined"], "mixed"), "out", hidden, hidden);
  const middle = norm(node("Add", [embedded, attended], "sum1"), "middle");
  // Feed-forward with GELU.
  const inner = linear(middle, "up", hidden, 4 * hidden);
  const erf = node("Erf", [node("Div", [inner, floats("sqrt2", [1], () => Math.SQRT2)], "inner.d")], "inner.e");
  const half = node("Mul", [inner, floats("half", [1], () => 0.5)], "inner.h");
  const gelu = node("Mul", [half, node("Add", [erf, "unit"], "inner.p")], "gelu");
  const top = norm(node("Add", [middle, linear(gelu, "down", 4 * hidden, hidden)], "sum2"), "top");
  // The first token, a tanh pooler, the classifier.
  const first = node("Squeeze", [node("Slice", [top, "zero", "one", "axis1"], "first.s"), "axis1"], "first.t");
  const pooled = node("Tanh", [linear(first, "pool", hidden, hidden)], "pooled");
  linear(pooled, "logits", hidden, classes);

  const tensor = (name: string, type: number, dims: (string | number)[]) => {
    const shapeOf = message(dims.map((dim): Field => [1, message([typeof dim === "string" ? [2, dim] : [1, dim]])]));
    return message([
      [1, name],
      [
        2,
        message([
          [
            1,
            message([
              [1, type],
              [2, shapeOf],
            ]),
          ],
        ]),
      ],
    ]);
  };
  const graph = message([
    ...nodes.map((each): Field => [1, each]),
    [2, "tiny"],
    ...weights.map((each): Field => [5, each]),
    ...["input_ids", "attention_mask", "token_type_ids"].map((name): Field => [11, tensor(name, 7, ["batch", "sequence"])]),
    [12, tensor("logits", 1, ["batch", classes])],
  ]);
  return message([
    [1, 8],
    [7, graph],
    [
      8,
      message([
        [1, ""],
        [2, 17],
      ]),
    ],
  ]);
}
