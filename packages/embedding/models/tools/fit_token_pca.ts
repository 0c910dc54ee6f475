/* oxlint-disable no-console -- a command-line tool reports on its error stream */
/**
 * Fits the projection of token states that late interaction uses, and writes token-pca.bin beside the model.
 *
 * Usage: node fit_token_pca.ts <folder with {peps,rust-book,k8s-enhancements,eips}.tar.xz> <model folder> [texts per corpus, default 125]
 *
 * Reads documentation corpora only, no question or document of any test set. Token states (special tokens excluded) are
 * brought to length 1; the axes are the eigenvectors of their covariance with the 128 largest eigenvalues (Jacobi's method).
 * The same input gives the same file.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { AutoModel, env, Tensor } from "@xenova/transformers";
import { createWordPiece } from "../../src/word-piece.ts";
import { encodeProjection, principalAxes } from "./principal_axes.ts";

const [corpora = "", modelDir = "", perCorpus = "125"] = process.argv.slice(2);
const dimensions = 128;
const textLength = 800;

/** Evenly spread passages of a packed corpus's Markdown and RST. */
function passages(name: string, count: number): string[] {
  const all = execFileSync("tar", ["-xJOf", join(corpora, `${name}.tar.xz`), "--wildcards", name === "peps" ? "*.rst" : "*.md"], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const step = Math.floor(all.length / count);
  return Array.from({ length: count }, (_, at) => all.slice(at * step, at * step + textLength));
}

env.allowRemoteModels = false;
env.localModelPath = dirname(resolve(modelDir));
const wordPiece = createWordPiece({ tokenizerPath: join(modelDir, "tokenizer.json") });
const model = await AutoModel.from_pretrained(basename(resolve(modelDir)), { dtype: "q8", device: "cpu", local_files_only: true });

let inputs = 0;
let rows = 0;
let sums = new Float64Array();
let products = new Float64Array();
for (const name of ["peps", "rust-book", "k8s-enhancements", "eips"]) {
  for (const text of passages(name, Number(perCorpus))) {
    const ids = [wordPiece.id("[CLS]"), ...wordPiece.encode(text, 254), wordPiece.id("[SEP]")];
    const shape = [1, ids.length];
    const { last_hidden_state: states } = await model({
      input_ids: new Tensor("int64", BigInt64Array.from(ids, BigInt), shape),
      attention_mask: new Tensor("int64", new BigInt64Array(ids.length).fill(1n), shape),
      token_type_ids: new Tensor("int64", new BigInt64Array(ids.length), shape),
    });
    const data: Float32Array = states.data;
    if (inputs === 0) {
      inputs = states.dims[2];
      sums = new Float64Array(inputs);
      products = new Float64Array(inputs * inputs);
    }
    for (let token = 1; token < ids.length - 1; token++) {
      const row = data.subarray(token * inputs, (token + 1) * inputs);
      let squares = 0;
      for (let i = 0; i < inputs; i++) squares += (row[i] ?? 0) ** 2;
      const unit = Float64Array.from(row, (value) => value / Math.sqrt(squares));
      rows++;
      for (let i = 0; i < inputs; i++) {
        const left = (unit[i] ?? 0);
        sums[i] = (sums[i] ?? 0) + left;
        for (let j = i, at = i * inputs + i; j < inputs; j++, at++) products[at] = (products[at] ?? 0) + left * (unit[j] ?? 0);
      }
    }
  }
  console.error(`${name}: ${rows} tokens so far`);
}

const mean = sums.map((sum) => sum / rows);
const covariance = new Float64Array(inputs * inputs);
for (let i = 0; i < inputs; i++) {
  for (let j = i; j < inputs; j++) {
    const value = (products[i * inputs + j] ?? 0) / rows - (mean[i] ?? 0) * (mean[j] ?? 0);
    covariance[i * inputs + j] = value;
    covariance[j * inputs + i] = value;
  }
}

const { values, rows: axes } = principalAxes(covariance, inputs);
const kept = values.slice(0, dimensions).reduce((sum, value) => sum + value, 0) / values.reduce((sum, value) => sum + value, 0);
writeFileSync(join(modelDir, "token-pca.bin"), encodeProjection(mean, axes.slice(0, dimensions)));
console.error(`${rows} tokens, ${dimensions} of ${inputs} dimensions keep ${(100 * kept).toFixed(1)} % of the variance`);
