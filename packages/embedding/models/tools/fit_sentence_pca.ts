/* oxlint-disable no-console -- a command-line tool reports on its error stream */
/**
 * Fits the projection of the second embedding space, and writes sentence-pca.bin beside the model.
 *
 * Usage: node fit_sentence_pca.ts <folder with {peps,rust-book,k8s-enhancements,eips}.tar.xz> <model folder> [texts per corpus, default 300] [power, default 0]
 *
 * Reads documentation corpora only, no question or document of any test set. The unit vectors of passages (half of them of
 * 800 characters, half of 200) are centred; the axes are the eigenvectors of their covariance with the 128 largest eigenvalues
 * λ, each row scaled by λ^(−power / 2): power 0 is PCA, 1 whitens (Su et al.: Whitening Sentence Representations, 2021). The same
 * input gives the same file.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createLocalEmbedder } from "../../src/local-embedder.ts";
import { encodeProjection, principalAxes } from "./principal_axes.ts";

const [corpora = "", modelDir = "", perCorpus = "300", power = "0"] = process.argv.slice(2);
const dimensions = 128;
const lengths = [800, 200];

/** Evenly spread passages of a packed corpus's Markdown and RST. */
function passages(name: string, count: number): string[] {
  const all = execFileSync("tar", ["-xJOf", join(corpora, `${name}.tar.xz`), "--wildcards", name === "peps" ? "*.rst" : "*.md"], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const step = Math.floor(all.length / count);
  return Array.from({ length: count }, (_, at) => all.slice(at * step, at * step + (lengths[at % lengths.length] ?? 0)).toWellFormed());
}

const embedder = createLocalEmbedder({ modelDir: resolve(modelDir), threads: 1 });
const inputs = embedder.space.dimensions;
const sums = new Float64Array(inputs);
const products = new Float64Array(inputs * inputs);
let rows = 0;
for (const name of ["peps", "rust-book", "k8s-enhancements", "eips"]) {
  const texts = passages(name, Number(perCorpus));
  for (let from = 0; from < texts.length; from += 200) {
    for (const { vector } of await embedder.embed({ texts: texts.slice(from, from + 200), purpose: "passage" })) {
      rows++;
      for (let i = 0; i < inputs; i++) {
        const left = vector[i] ?? 0;
        sums[i] = (sums[i] ?? 0) + left;
        for (let j = i, at = i * inputs + i; j < inputs; j++, at++) products[at] = (products[at] ?? 0) + left * (vector[j] ?? 0);
      }
    }
  }
  console.error(`${name}: ${rows} passages so far`);
}
await embedder.close();

const mean = sums.map((sum) => sum / rows);
const covariance = new Float64Array(inputs * inputs);
for (let i = 0; i < inputs; i++) {
  for (let j = i; j < inputs; j++) {
    const value = (products[i * inputs + j] ?? 0) / rows - (mean[i] ?? 0) * (mean[j] ?? 0);
    covariance[i * inputs + j] = value;
    covariance[j * inputs + i] = value;
  }
}
const axes = principalAxes(covariance, inputs);
const total = axes.values.reduce((sum, value) => sum + value, 0);
const kept = axes.values.slice(0, dimensions).reduce((sum, value) => sum + value, 0) / total;
const scaled = axes.rows.slice(0, dimensions).map((row, axis) => row.map((value) => value * (axes.values[axis] ?? 1) ** (-Number(power) / 2)));
writeFileSync(join(modelDir, "sentence-pca.bin"), encodeProjection(mean, scaled));
console.error(`${rows} passages, ${dimensions} of ${inputs} dimensions keep ${(100 * kept).toFixed(1)} % of the variance`);
