import { describe, expect, it } from "vitest";
import { validateEmbeddings } from "./validate-embeddings.ts";

const space = { id: "test_2", dimensions: 2, description: "" };
const embedding = (...values: number[]) => ({ vector: Float32Array.from(values), tokenCount: 1 });

describe("validateEmbeddings", () => {
  it("lets unit vectors pass", () => {
    const embeddings = [embedding(1, 0), embedding(0.6, 0.8)];
    expect(validateEmbeddings({ embeddings, count: 2, space })).toEqual(embeddings);
    expect(validateEmbeddings({ embeddings: [], count: 0, space })).toEqual([]);
  });

  it.each([
    ["too few rows", [embedding(1, 0)], { expected: 2, got: 1 }],
    ["too many rows", [embedding(1, 0), embedding(1, 0), embedding(1, 0)], { expected: 2, got: 3 }],
    ["a missing row", [embedding(1, 0), undefined], { row: 1 }],
    ["a short vector", [embedding(1, 0), embedding(1)], { row: 1, expected: 2, got: 1 }],
    ["a long vector", [embedding(1, 0, 0), embedding(1, 0)], { row: 0, expected: 2, got: 3 }],
    ["NaN", [embedding(1, 0), embedding(Number.NaN, 1)], { row: 1 }],
    ["infinity", [embedding(Number.POSITIVE_INFINITY, 0), embedding(1, 0)], { row: 0 }],
    ["a vector of length 0", [embedding(0, 0), embedding(1, 0)], { row: 0 }],
    ["a vector of length 2", [embedding(1, 0), embedding(0, 2)], { row: 1 }],
  ])("refuses %s", (_, embeddings, details) => {
    expect(() => validateEmbeddings({ embeddings, count: 2, space })).toThrow(
      expect.objectContaining({ code: "embedding_invalid", details }),
    );
  });
});
