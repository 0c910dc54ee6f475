import { type Hit, type LocatedChunk, newId, type PipelineSpec } from "@footnote/core";
import { createMemoryIndex } from "@footnote/core/testing";
import { describe, expect, it } from "vitest";
import { packSources } from "./packing.ts";
import { pipelines } from "./pipelines.ts";

function world(documents: number, tokens = 100) {
  const index = createMemoryIndex();
  const tenantId = newId("tenant");
  const collectionId = newId("collection");
  const chunks: LocatedChunk[][] = Array.from({ length: documents }, () => {
    const documentId = newId("document");
    const versionId = newId("version");
    return Array.from({ length: 5 }, (_, ordinal) => {
      const text = `Part ${ordinal}.`;
      const start = ordinal * text.length;
      return {
        id: newId("chunk"),
        versionId,
        documentId,
        ordinal,
        start,
        end: start + text.length,
        text,
        headingPath: [],
        tokenCount: tokens,
        title: null,
        mediaType: "text/plain",
      };
    });
  });
  for (const chunk of chunks.flat()) {
    index.add({ tenantId, collectionId, chunk, analyzed: { termIds: [], frequencies: [], length: 0 }, vector: new Float32Array() });
  }
  const hit = (document: number, ordinal: number): Hit => {
    const chunk = chunks[document]?.[ordinal];
    if (!chunk) throw new Error("no such chunk");
    return { chunk, score: 1, ranks: {}, scores: {} };
  };
  const pack = (hits: Hit[], packing: Omit<PipelineSpec["packing"], "parentTokens"> & { parentTokens?: number }, topK = 5) =>
    packSources({ tenantId, hits, spec: { ...pipelines.default, packing: { parentTokens: 600, ...packing }, topK }, chunks: index.chunks });
  const retitle = (document: number, ordinal: number, headingPath: string[]) => {
    const chunk = chunks[document]?.[ordinal];
    if (chunk) chunk.headingPath = headingPath;
  };
  return { hit, pack, retitle };
}

const shape = (sources: Awaited<ReturnType<typeof packSources>>) =>
  sources.map(({ hit, before, after }) => [before.map((c) => c.ordinal), hit.chunk.ordinal, after.map((c) => c.ordinal)]);

describe("packSources", () => {
  it("takes topK hits and, for `none`, nothing around them", async () => {
    const { hit, pack } = world(1);
    expect(shape(await pack([hit(0, 0), hit(0, 2), hit(0, 4)], { strategy: "none", maxTokens: 1_000 }, 2))).toEqual([
      [[], 0, []],
      [[], 2, []],
    ]);
  });

  it("adds neighbours of the best hits while they fit, the following chunk first, each chunk once", async () => {
    const { hit, pack } = world(2);
    expect(shape(await pack([hit(0, 2), hit(1, 0)], { strategy: "neighbours", maxTokens: 500 }))).toEqual([
      [[1], 2, [3]],
      [[], 0, [1]],
    ]);
    expect(shape(await pack([hit(0, 2), hit(1, 0)], { strategy: "neighbours", maxTokens: 300 }))).toEqual([
      [[], 2, [3]],
      [[], 0, []],
    ]);
    expect(shape(await pack([hit(0, 1), hit(0, 2), hit(0, 1)], { strategy: "neighbours", maxTokens: 1_000 }))).toEqual([
      [[0], 1, []],
      [[], 2, [3]],
    ]);
  });

  it("always takes the best hit and leaves out what the budget does not hold", async () => {
    const { hit, pack } = world(2, 300);
    expect(shape(await pack([hit(0, 0), hit(1, 0)], { strategy: "neighbours", maxTokens: 100 }))).toEqual([[[], 0, []]]);
    expect(await pack([], { strategy: "neighbours", maxTokens: 100 })).toEqual([]);
  });

  it("reads a sentence's window, and a small chunk's section around it, each chunk with its own span", async () => {
    const { hit, pack } = world(1);
    // Chunks of 100 tokens, all of one section; the default window is two on each side.
    expect(shape(await pack([hit(0, 2)], { strategy: "sentence-window", maxTokens: 1_000 }))).toEqual([[[1, 0], 2, [3, 4]]]);
    expect(shape(await pack([hit(0, 0)], { strategy: "sentence-window", maxTokens: 1_000 }))).toEqual([[[], 0, [1, 2]]]);
    expect(shape(await pack([hit(0, 2)], { strategy: "parent", maxTokens: 1_000, parentTokens: 400 }))).toEqual([[[1], 2, [3, 4]]]);
    expect(shape(await pack([hit(0, 0)], { strategy: "parent", maxTokens: 1_000, parentTokens: 4_000 }))).toEqual([[[], 0, [1, 2, 3, 4]]]);
    expect(shape(await pack([hit(0, 2), hit(0, 3)], { strategy: "parent", maxTokens: 300, parentTokens: 4_000 }))).toEqual([
      [[1], 2, []],
      [[], 3, []],
    ]);
  });

  it("stops at the section's edge", async () => {
    const { hit, pack, retitle } = world(1);
    retitle(0, 3, ["Another section"]);
    for (const strategy of ["parent", "sentence-window"] as const) {
      expect(shape(await pack([hit(0, 2)], { strategy, maxTokens: 1_000, parentTokens: 4_000 }))).toEqual([[[1, 0], 2, []]]);
    }
  });
});
