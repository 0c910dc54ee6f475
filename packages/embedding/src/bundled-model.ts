import { fileURLToPath } from "node:url";

/** Folder of the model that comes with the package: all-MiniLM-L6-v2, int8. */
export const bundledModelDir = fileURLToPath(new URL("../models/all-MiniLM-L6-v2", import.meta.url));

/** Folder of the cross-encoder that comes with the package, trained from the encoder by tools/training/cross-encoder. */
export const bundledCrossEncoderDir = fileURLToPath(new URL("../models/minilm-cross-encoder-1", import.meta.url));
