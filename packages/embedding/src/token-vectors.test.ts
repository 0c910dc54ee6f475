import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bundledModelDir } from "./bundled-model.ts";
import { compressTokenVectors, readProjection, tokenMatches } from "./token-vectors.ts";

describe("projection", () => {
  const path = join(bundledModelDir, "token-pca.bin");

  it("has orthonormal axes and gives rows of length 1", () => {
    const projection = readProjection(path);
    expect(projection.dimensions).toBe(128);
    const floats = new Float32Array(readFileSync(path).buffer.slice(8));
    const axis = (at: number) => floats.subarray(384 * (at + 1), 384 * (at + 2));
    const dot = (left: Float32Array, right: Float32Array) => left.reduce((sum, value, at) => sum + value * (right[at] ?? 0), 0);
    for (const [left, right] of [
      [0, 0],
      [0, 1],
      [5, 5],
      [5, 100],
      [127, 127],
    ] as const) {
      expect(dot(axis(left), axis(right))).toBeCloseTo(left === right ? 1 : 0, 4);
    }
    const states = Float32Array.from({ length: 768 }, (_, at) => Math.sin(at));
    const projected = projection.project(states);
    expect(projected).toHaveLength(256);
    expect(Math.hypot(...projected.subarray(0, 128))).toBeCloseTo(1, 5);
    // The scale of the states does not matter.
    expect(projection.project(states.map((value) => value * 7))[3]).toBeCloseTo(projected[3] ?? Number.NaN, 4);
  });

  it("refuses a damaged file", () => {
    const folder = mkdtempSync(join(tmpdir(), "footnote-"));
    const damaged = join(folder, "token-pca.bin");
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(8), readFileSync(path).subarray(0, 5000)]) {
      writeFileSync(damaged, bytes);
      expect(() => readProjection(damaged)).toThrow(expect.objectContaining({ code: "configuration_invalid" }));
    }
    rmSync(folder, { recursive: true });
  });
});

describe("tokenMatches", () => {
  const unit = (...values: number[]) => {
    const norm = Math.hypot(...values);
    return values.map((value) => value / norm);
  };
  // Two tokens are averaged into one vector: each stands twice, so that the average is itself.
  const compressed = (...rows: number[][]) =>
    compressTokenVectors(Float32Array.from(rows.flatMap((row) => [...unit(...row), ...unit(...row)])), 4);

  it("gives each query vector its nearest neighbour's cosine", () => {
    const query = compressed([1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, -1]);
    const passage = compressed([1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]);
    const [first, second, third] = tokenMatches(query, passage);
    expect(first).toBeCloseTo(Math.SQRT1_2, 2);
    expect(second).toBeCloseTo(Math.SQRT1_2, 2);
    expect(third).toBeCloseTo(0, 2);
    for (const one of tokenMatches(query, query)) expect(one).toBeCloseTo(1, 2);
  });

  it("finds nothing beside a text without tokens, and refuses another model's vectors", () => {
    const empty = compressTokenVectors(new Float32Array(), 4);
    expect(tokenMatches(empty, compressed([1, 0, 0, 0]))).toHaveLength(0);
    expect(tokenMatches(compressed([1, 0, 0, 0]), empty)).toHaveLength(0);
    const other = compressTokenVectors(Float32Array.from([1, 0]), 2);
    expect(() => tokenMatches(compressed([1, 0, 0, 0]), other)).toThrow(/different dimensions/u);
  });
});
