import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createWordPiece } from "./word-piece.ts";

/** Folder of the model that comes with the package: all-MiniLM-L6-v2, int8. */
export const bundledModelDir = fileURLToPath(new URL("../models/all-MiniLM-L6-v2", import.meta.url));

/** Folder of the cross-encoder that comes with the package, trained from the encoder by tools/training/cross-encoder. */
export const bundledCrossEncoderDir = fileURLToPath(new URL("../models/minilm-cross-encoder-1", import.meta.url));

/** Whether a lower-case word is one of general English: one of some 18,000 of five letters or more that are whole tokens of the bundled model. */
export function readBundledWords(): (word: string) => boolean {
  return createWordPiece({ tokenizerPath: join(bundledModelDir, "tokenizer.json"), cacheSize: 0 }).knows;
}
