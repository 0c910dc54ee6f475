/* oxlint-disable no-console -- a command-line tool reports on its error stream */
/**
 * Counts in how many paragraphs each WordPiece token stands, and writes token-idf.bin beside the model: a byte a token, 20 · ln(1 + (N − n + ½) / (n + ½)).
 * Late interaction weighs a query's tokens by it, so that "the" does not count as much as "garbage".
 *
 * Usage: node count_token_idf.ts <folder with {peps,rust-book,rust-rfcs,k8s-enhancements,eips}.tar.xz> <model folder>
 *
 * Reads documentation corpora only, no question or document of any test set. The same input gives the same file.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createWordPiece } from "../../src/word-piece.ts";

const [corpora = "", modelDir = ""] = process.argv.slice(2);
const wordPiece = createWordPiece({ tokenizerPath: join(modelDir, "tokenizer.json") });
const vocabulary = 30_522;
const holding = new Uint32Array(vocabulary);
let paragraphs = 0;
for (const name of ["peps", "rust-book", "rust-rfcs", "k8s-enhancements", "eips"]) {
  const all = execFileSync("tar", ["-xJOf", join(corpora, `${name}.tar.xz`), "--wildcards", name === "peps" ? "*.rst" : "*.md"], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  for (const paragraph of all.split(/\n\s*\n/u)) {
    if (paragraph.trim().length < 40) continue;
    paragraphs++;
    for (const id of new Set(wordPiece.encode(paragraph))) holding[id] = (holding[id] ?? 0) + 1;
  }
  console.error(`${name}: ${paragraphs} paragraphs so far`);
}
const scaled = Array.from(holding, (count) => Math.round(20 * Math.log(1 + (paragraphs - count + 0.5) / (count + 0.5))));
writeFileSync(join(modelDir, "token-idf.bin"), Uint8Array.from(scaled, (value) => Math.min(255, value)));
console.error(`largest ${Math.max(...scaled)}, smallest ${Math.min(...scaled)}`);
