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

/** Cyclic Jacobi rotations: eigenvalues on the diagonal, eigenvectors in the rows of the result. */
function jacobi(matrix: Float64Array, size: number): { values: number[]; vectors: Float64Array } {
  const vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1;
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0;
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) off += (matrix[p * size + q] ?? 0) ** 2;
    if (off < 1e-18) break;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        const apq = (matrix[p * size + q] ?? 0);
        if (Math.abs(apq) < 1e-14) continue;
        const theta = ((matrix[q * size + q] ?? 0) - (matrix[p * size + p] ?? 0)) / (2 * apq);
        const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        const s = t * c;
        for (let k = 0; k < size; k++) {
          const kp = (matrix[k * size + p] ?? 0);
          const kq = (matrix[k * size + q] ?? 0);
          matrix[k * size + p] = c * kp - s * kq;
          matrix[k * size + q] = s * kp + c * kq;
        }
        for (let k = 0; k < size; k++) {
          const pk = (matrix[p * size + k] ?? 0);
          const qk = (matrix[q * size + k] ?? 0);
          matrix[p * size + k] = c * pk - s * qk;
          matrix[q * size + k] = s * pk + c * qk;
          const vp = (vectors[p * size + k] ?? 0);
          const vq = (vectors[q * size + k] ?? 0);
          vectors[p * size + k] = c * vp - s * vq;
          vectors[q * size + k] = s * vp + c * vq;
        }
      }
    }
  }
  return { values: Array.from({ length: size }, (_, i) => (matrix[i * size + i] ?? 0)), vectors };
}

const { values, vectors } = jacobi(covariance, inputs);
const order = values.map((_, at) => at).sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0));
const kept = order.slice(0, dimensions).reduce((sum, at) => sum + (values[at] ?? 0), 0) / values.reduce((sum, value) => sum + value, 0);

const bytes = Buffer.alloc(8 + 4 * inputs * (1 + dimensions));
bytes.writeUInt32LE(inputs, 0);
bytes.writeUInt32LE(dimensions, 4);
let at = 8;
for (const value of mean) at = bytes.writeFloatLE(value, at);
for (const axis of order.slice(0, dimensions)) {
  const row = vectors.subarray(axis * inputs, (axis + 1) * inputs);
  // The sign is arbitrary: the largest component is made positive.
  const largest = row.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  for (const value of row) at = bytes.writeFloatLE(largest < 0 ? -value : value, at);
}
writeFileSync(join(modelDir, "token-pca.bin"), bytes);
console.error(`${rows} tokens, ${dimensions} of ${inputs} dimensions keep ${(100 * kept).toFixed(1)} % of the variance`);
