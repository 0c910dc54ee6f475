import { describe, expect, it } from "vitest";
import { dot } from "./vectors.ts";

describe("dot", () => {
  it("sums the products", () => {
    expect(dot(Float32Array.of(1, 2, -3), Float32Array.of(4, 0.5, 2))).toBe(-1);
  });

  it("is 0 where a vector is missing", () => {
    expect(dot(undefined, Float32Array.of(1))).toBe(0);
    expect(dot(Float32Array.of(1), undefined)).toBe(0);
  });
});
