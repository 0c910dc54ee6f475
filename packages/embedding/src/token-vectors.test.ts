import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bundledModelDir } from "./bundled-model.ts";
import { readProjection } from "./token-vectors.ts";

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
