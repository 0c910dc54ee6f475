import { readFileSync } from "node:fs";
import { FootnoteError } from "@footnote/core";

/** A linear map from the model's token states to a few dimensions, fitted by PCA. */
export interface Projection {
  dimensions: number;
  /** Rows of states in, rows of unit vectors out. Length: a multiple of the model's dimensions. */
  project(states: Float32Array): Float32Array;
}

/**
 * Reads `token-pca.bin`, little-endian: uint32 input dimensions, uint32 output dimensions, then float32 mean (input) and
 * float32 matrix (output × input, rows are the principal axes, largest variance first).
 */
export function readProjection(path: string): Projection {
  const bytes = readFileSync(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const inputs = bytes.byteLength < 8 ? 0 : view.getUint32(0, true);
  const dimensions = bytes.byteLength < 8 ? 0 : view.getUint32(4, true);
  if (inputs === 0 || dimensions === 0 || bytes.byteLength !== 8 + 4 * inputs * (1 + dimensions)) {
    throw new FootnoteError("configuration_invalid", `The projection ${path} is damaged; restore the model folder.`);
  }
  const floats = new Float32Array(inputs * (1 + dimensions));
  for (let i = 0; i < floats.length; i++) floats[i] = view.getFloat32(8 + 4 * i, true);
  const mean = floats.subarray(0, inputs);
  const matrix = floats.subarray(inputs);
  return {
    dimensions,
    project(states) {
      const rows = states.length / inputs;
      const out = new Float32Array(rows * dimensions);
      const centred = new Float32Array(inputs);
      for (let row = 0; row < rows; row++) {
        // Unit length first: the fit saw unit vectors.
        const norm = length(states, row * inputs, inputs);
        for (let i = 0; i < inputs; i++) centred[i] = (states[row * inputs + i] ?? 0) / norm - (mean[i] ?? 0);
        for (let axis = 0; axis < dimensions; axis++) {
          let sum = 0;
          for (let i = 0, at = axis * inputs; i < inputs; i++, at++) sum += (centred[i] ?? 0) * (matrix[at] ?? 0);
          out[row * dimensions + axis] = sum;
        }
        normalise(out, row * dimensions, dimensions);
      }
      return out;
    },
  };
}

const formatVersion = 1;
const headerBytes = 4;

/**
 * Token vectors of one text for storage. Neighbours are averaged two by two (an odd last one stays alone), brought back
 * to length 1 and rounded to int8 with a scale of their own.
 *
 * Format 1, little-endian: uint8 format = 1, uint8 dimensions, uint16 count; then `count` times float32 scale; then
 * `count` × `dimensions` int8. A component is scale × int8. 132 bytes per two tokens at 128 dimensions.
 */
export function compressTokenVectors(vectors: Float32Array, dimensions: number): Uint8Array {
  const tokens = vectors.length / dimensions;
  const count = Math.ceil(tokens / 2);
  const bytes = new Uint8Array(headerBytes + count * (4 + dimensions));
  const view = new DataView(bytes.buffer);
  view.setUint8(0, formatVersion);
  view.setUint8(1, dimensions);
  view.setUint16(2, count, true);
  const pooled = new Float32Array(dimensions);
  for (let row = 0; row < count; row++) {
    const single = 2 * row + 1 >= tokens;
    const at = 2 * row * dimensions;
    for (let i = 0; i < dimensions; i++) {
      pooled[i] = (vectors[at + i] ?? 0) + (single ? 0 : (vectors[at + dimensions + i] ?? 0));
    }
    normalise(pooled, 0, dimensions);
    let largest = 0;
    for (const value of pooled) largest = Math.max(largest, Math.abs(value));
    const scale = largest === 0 ? 1 : largest / 127;
    view.setFloat32(headerBytes + 4 * row, scale, true);
    const target = headerBytes + 4 * count + row * dimensions;
    for (let i = 0; i < dimensions; i++) view.setInt8(target + i, Math.round((pooled[i] ?? 0) / scale));
  }
  return bytes;
}

/** Compressed token vectors, opened without copying. */
export interface TokenVectors {
  dimensions: number;
  count: number;
  scales: Float32Array;
  values: Int8Array;
}

/** Throws `embedding_invalid` for bytes of another format or length. */
export function openTokenVectors(bytes: Uint8Array): TokenVectors {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const known = bytes.byteLength >= headerBytes && view.getUint8(0) === formatVersion;
  const dimensions = known ? view.getUint8(1) : 0;
  const count = known ? view.getUint16(2, true) : 0;
  if (!known || bytes.byteLength !== headerBytes + count * (4 + dimensions)) {
    throw new FootnoteError("embedding_invalid", "The stored token vectors have another format; embed the document again.", {
      details: { sizeBytes: bytes.byteLength },
    });
  }
  const scales = new Float32Array(count);
  for (let row = 0; row < count; row++) scales[row] = view.getFloat32(headerBytes + 4 * row, true);
  return { dimensions, count, scales, values: new Int8Array(bytes.buffer, bytes.byteOffset + headerBytes + 4 * count, count * dimensions) };
}

/**
 * For each vector of a compressed query the greatest cosine with a vector of a compressed passage, −1…1: late interaction (Khattab and Zaharia 2020)
 * before anything is summed. A vector stands for two tokens. Empty when either side has none.
 */
export function tokenMatches(query: Uint8Array, passage: Uint8Array): Float64Array {
  const asked = openTokenVectors(query);
  const held = openTokenVectors(passage);
  if (asked.count === 0 || held.count === 0) return new Float64Array();
  const { dimensions } = asked;
  if (dimensions !== held.dimensions) {
    throw new FootnoteError("embedding_invalid", "Two texts' token vectors have different dimensions; embed both with one model.", {
      details: { expected: dimensions, got: held.dimensions },
    });
  }
  const best = new Float64Array(asked.count).fill(-1);
  for (let row = 0; row < asked.count; row++) {
    for (let other = 0; other < held.count; other++) {
      let sum = 0;
      for (let i = row * dimensions, j = other * dimensions, end = i + dimensions; i < end; i++, j++) {
        sum += (asked.values[i] ?? 0) * (held.values[j] ?? 0);
      }
      const cosine = sum * (asked.scales[row] ?? 0) * (held.scales[other] ?? 0);
      if (cosine > (best[row] ?? -1)) best[row] = cosine;
    }
  }
  return best;
}

function length(values: Float32Array, start: number, count: number): number {
  let squares = 0;
  for (let i = start; i < start + count; i++) squares += (values[i] ?? 0) ** 2;
  return Math.sqrt(squares) || 1;
}

function normalise(values: Float32Array, start: number, count: number): void {
  const norm = length(values, start, count);
  for (let i = start; i < start + count; i++) values[i] = (values[i] ?? 0) / norm;
}
