import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");
export const cacheFolder = join(root, ".cache");
const shared = process.env["FOOTNOTE_SHARED"] ?? join(root, "../shared");

/** A small generator with a seed (mulberry32), so that every run measures the same work. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Pieces of about 800 characters of real documentation (PEPs, Rust RFCs, Kubernetes enhancements, EIPs), `count` of them; null where the data is absent. */
export function readBenchTexts(count: number): string[] | null {
  const folder = join(shared, "data/corpora");
  if (!existsSync(folder)) return null;
  const texts: string[] = [];
  for (const name of ["peps", "rust-rfcs", "k8s-enhancements", "eips", "rust-book"]) {
    const target = join(cacheFolder, "corpora", name);
    if (!existsSync(target)) {
      mkdirSync(target, { recursive: true });
      execFileSync("tar", ["-xJf", join(folder, `${name}.tar.xz`), "-C", target]);
    }
    for (const entry of readdirSync(target, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !/\.(?:md|rst|txt)$/u.test(entry.name)) continue;
      const words = readFileSync(join(entry.parentPath, entry.name), "utf8").split(/\s+/u);
      let piece = "";
      for (const word of words) {
        piece += piece === "" ? word : ` ${word}`;
        if (piece.length >= 800) {
          texts.push(piece);
          piece = "";
          if (texts.length === count) return texts;
        }
      }
    }
  }
  return texts;
}

/** Queries of two to eight consecutive words, each from a random text. */
export function makeQueries(texts: readonly string[], count: number): string[] {
  const random = seededRandom(11);
  return Array.from({ length: count }, () => {
    const words = (texts[Math.floor(random() * texts.length)] ?? "").split(" ");
    const length = 2 + Math.floor(random() * 7);
    const at = Math.floor(random() * Math.max(1, words.length - length));
    return words.slice(at, at + length).join(" ");
  });
}

/** Unit vectors around 256 random centres: clustered as embeddings are, without the minutes that embedding takes. */
export function makeVectors(count: number, dimensions: number, seed: number): Float32Array[] {
  const random = seededRandom(seed);
  const gaussian = () => Math.sqrt(-2 * Math.log(random() || 1e-12)) * Math.cos(2 * Math.PI * random());
  const centreRandom = seededRandom(99);
  const centres = Array.from({ length: 256 }, () => {
    const centre = new Float32Array(dimensions);
    for (let i = 0; i < dimensions; i++) centre[i] = centreRandom() - 0.5;
    return centre;
  });
  return Array.from({ length: count }, () => {
    const centre = centres[Math.floor(random() * centres.length)] ?? new Float32Array(dimensions);
    const vector = new Float32Array(dimensions);
    let norm = 0;
    for (let i = 0; i < dimensions; i++) {
      const value = (centre[i] ?? 0) + 0.25 * gaussian();
      vector[i] = value;
      norm += value * value;
    }
    const scale = 1 / Math.sqrt(norm);
    for (let i = 0; i < dimensions; i++) vector[i] = (vector[i] ?? 0) * scale;
    return vector;
  });
}
