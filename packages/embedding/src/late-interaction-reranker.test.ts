import { FootnoteError, newId } from "@footnote/core";
import type { ChunkId, TokenVectorStore } from "@footnote/core";
import { hitOf, rerankerContract } from "@footnote/core/testing";
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { createLateInteractionReranker, maxSim } from "./late-interaction-reranker.ts";
import { createLocalEmbedder } from "./local-embedder.ts";
import { compressTokenVectors, openTokenVectors } from "./token-vectors.ts";

const embedder = createLocalEmbedder({ threads: 2 });
afterAll(() => embedder.close());

/** A store in memory that holds what the embedder gave for texts. */
const storeOf = (vectors: Map<ChunkId, Uint8Array>): TokenVectorStore => ({
  read: async ({ chunkIds }) => new Map(chunkIds.flatMap((id) => (vectors.has(id) ? [[id, vectors.get(id) ?? new Uint8Array()]] : []))),
});
const stored = async (candidates: readonly ReturnType<typeof hitOf>[]) => {
  const embeddings = await embedder.embed({ texts: candidates.map(({ chunk }) => chunk.text), purpose: "passage", tokenVectors: true });
  return new Map(candidates.map(({ chunk }, at) => [chunk.id, embeddings[at]?.tokenVectors ?? new Uint8Array()]));
};

rerankerContract("late-interaction", {
  create: async ({ candidates }) => ({
    reranker: createLateInteractionReranker({ embedder, tokenVectors: storeOf(await stored(candidates)) }),
    close: async () => {},
  }),
});

describe("late-interaction reranker", () => {
  const tenantId = newId("tenant");
  const query = "How many days of annual leave do staff get?";

  it("puts the passage that answers first", async () => {
    const candidates = ["Invoices are paid within 30 days.", "Staff get 25 days of annual leave.", "The office opens at nine."].map(hitOf);
    const reranker = createLateInteractionReranker({ embedder, tokenVectors: storeOf(await stored(candidates)) });
    const { scores } = await reranker.rerank({ tenantId, query, candidates });
    expect(Math.max(...scores.map((score) => score ?? -1))).toBe(scores[1]);
    for (const score of scores) expect(Math.abs(score ?? 2)).toBeLessThanOrEqual(1.001);
  });

  it("has no score without stored vectors, beyond its limit, or for a text without tokens", async () => {
    const candidates = ["Staff get leave.", "", "Not stored.", "Beyond."].map(hitOf);
    const vectors = await stored(candidates);
    vectors.delete(candidates[2]?.chunk.id ?? newId("chunk"));
    const reranker = createLateInteractionReranker({ embedder, tokenVectors: storeOf(vectors), maxCandidates: 3 });
    const { scores } = await reranker.rerank({ tenantId, query, candidates });
    expect(scores).toEqual([expect.any(Number), null, null, null]);
    expect((await reranker.rerank({ tenantId, query: "", candidates })).scores).toEqual([null, null, null, null]);
  });

  it("refuses vectors of another format and an embedder without token vectors", async () => {
    const candidates = [hitOf("a")];
    const id = candidates[0]?.chunk.id ?? newId("chunk");
    for (const bytes of [
      new Uint8Array(),
      Uint8Array.of(9, 128, 0, 0),
      Uint8Array.of(1, 128, 1, 0),
      compressTokenVectors(new Float32Array(8).fill(1), 8),
    ]) {
      const reranker = createLateInteractionReranker({ embedder, tokenVectors: storeOf(new Map([[id, bytes]])) });
      await expect(reranker.rerank({ tenantId, query, candidates })).rejects.toMatchObject({ code: "embedding_invalid" });
    }
    const plain = { ...embedder, capabilities: { ...embedder.capabilities, tokenVectors: false } };
    expect(() => createLateInteractionReranker({ embedder: plain, tokenVectors: storeOf(new Map()) })).toThrow(
      expect.objectContaining({ code: "configuration_invalid" }),
    );
  });

  it("says that it failed when the store fails, and passes a known error on", async () => {
    for (const [error, code] of [
      [new Error("connection lost"), "rerank_failed"],
      [new FootnoteError("storage_unavailable", "The store is away."), "storage_unavailable"],
    ] as const) {
      const reranker = createLateInteractionReranker({ embedder, tokenVectors: { read: () => Promise.reject(error) } });
      await expect(reranker.rerank({ tenantId, query, candidates: [hitOf("a")] })).rejects.toMatchObject({ code });
    }
  });
});

describe("token vectors", () => {
  const unit = (values: number[]) => {
    const norm = Math.hypot(...values) || 1;
    return values.map((value) => value / norm);
  };
  const rows = (dimensions: number) =>
    fc.array(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: dimensions, maxLength: dimensions }), {
      minLength: 1,
      maxLength: 9,
    });

  it("keep the mean direction of each pair of tokens within the rounding of int8", () => {
    fc.assert(
      fc.property(rows(8), (list) => {
        const vectors = list.map(unit);
        const bytes = compressTokenVectors(Float32Array.from(vectors.flat()), 8);
        const opened = openTokenVectors(bytes);
        expect(opened).toMatchObject({ dimensions: 8, count: Math.ceil(vectors.length / 2) });
        expect(bytes).toHaveLength(4 + opened.count * 12);
        for (let row = 0; row < opened.count; row++) {
          const [left = [], right = left.map(() => 0)] = vectors.slice(2 * row, 2 * row + 2);
          const sum = left.map((value, at) => value + (right[at] ?? 0));
          // Opposite tokens leave rounding only.
          if (Math.hypot(...sum) < 1e-3) continue;
          const expected = unit(sum);
          for (let i = 0; i < 8; i++) {
            const value = (opened.values[row * 8 + i] ?? 0) * (opened.scales[row] ?? 0);
            expect(Math.abs(value - (expected[i] ?? 0))).toBeLessThanOrEqual((opened.scales[row] ?? 0) * 0.51 + 1e-4);
          }
        }
      }),
    );
  });

  it("are read wherever they lie in a larger buffer", () => {
    const bytes = compressTokenVectors(Float32Array.from([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]), 4);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(openTokenVectors(shifted.subarray(3))).toEqual(openTokenVectors(bytes));
  });

  it("maxSim is the mean over query rows of the best dot product", () => {
    fc.assert(
      fc.property(rows(4), rows(4), (queryRows, documentRows) => {
        const document = openTokenVectors(compressTokenVectors(Float32Array.from(documentRows.map(unit).flat()), 4));
        const query = queryRows.map(unit);
        const expected =
          query.reduce((sum, token) => {
            const similarities = Array.from({ length: document.count }, (_, row) =>
              token.reduce((total, value, i) => total + value * (document.values[row * 4 + i] ?? 0) * (document.scales[row] ?? 0), 0),
            );
            return sum + Math.max(...similarities);
          }, 0) / query.length;
        expect(maxSim({ dimensions: 4, count: query.length, values: Float32Array.from(query.flat()) }, document)).toBeCloseTo(expected, 4);
      }),
    );
  });
});
