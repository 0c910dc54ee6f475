import { describe, expect, it } from "vitest";
import { indexedSpaces, indexHash, pipelineHash, pipelineSpecSchema, type PipelineSpec, searchedSpace } from "./pipeline.ts";

const spec: PipelineSpec = pipelineSpecSchema.parse({
  name: "plain",
  version: 1,
  index: {
    chunker: { strategy: "structure", maxTokens: 200, overlapTokens: 0 },
    space: "fake_64",
    context: { title: true, headingPath: true },
    analyzer: { language: "en", version: 1 },
  },
  candidates: { dense: 50, lexical: 50 },
  fusion: { type: "rrf", k: 60 },
  reranker: { type: "none" },
  topK: 5,
  packing: { strategy: "none", maxTokens: 2000 },
  answer: {
    model: "extractive",
    prompt: "extractive-v1",
    maxSentences: 3,
    minSupport: 0.5,
    caps: { modelCalls: 1, tokens: 1000, wallClockMs: 1000, usd: 0 },
  },
});

describe("pipeline specs", () => {
  it("hash by behaviour: not by name, not by the order of keys", () => {
    const reordered = pipelineSpecSchema.parse(Object.fromEntries(Object.entries(spec).reverse()));
    expect(pipelineHash({ ...reordered, name: "other", version: 9 })).toBe(pipelineHash(spec));
    expect(pipelineHash({ ...spec, topK: 6 })).not.toBe(pipelineHash(spec));
  });

  it("share an index exactly when that part is equal", () => {
    expect(indexHash({ ...spec, topK: 6, fusion: { type: "convex", lexicalWeight: 0.3 } })).toBe(indexHash(spec));
    expect(indexHash({ ...spec, index: { ...spec.index, context: { title: false, headingPath: true, opening: false } } })).not.toBe(
      indexHash(spec),
    );
  });

  /** The default pipeline as the first stores hold it, with the hashes that its answers and collections carry. */
  const stored = {
    name: "default",
    version: 1,
    index: {
      chunker: { strategy: "structure", maxTokens: 200, overlapTokens: 0, windowSentences: 2 },
      space: "minilm_l6_v2_int8_384",
      context: { title: true, headingPath: true },
      analyzer: { language: "en", version: 1 },
    },
    candidates: { dense: 100, lexical: 100 },
    fusion: { type: "convex", lexicalWeight: 0.3 },
    reranker: { type: "none" },
    topK: 5,
    packing: { strategy: "neighbours", maxTokens: 2000 },
    answer: {
      model: "extractive",
      prompt: "cited-answer@1",
      maxSentences: 4,
      minSupport: 0.5,
      caps: { modelCalls: 4, tokens: 20_000, wallClockMs: 120_000, usd: 0.5 },
    },
  };

  it("keep their hashes when the schema gains fields", () => {
    const read = pipelineSpecSchema.parse(stored);
    expect(pipelineHash(read)).toBe("06fcbcb4a9d0bc713af0b989bb58fe67505913fffe08df52c3f2f32061a5f55b");
    expect(indexHash(read)).toBe("063253fcd533bfd9b8129535ae4b99124d51fe9e6b7d5b822fff5ddd8036d64c");
    expect(
      pipelineHash(
        pipelineSpecSchema.parse({
          ...stored,
          fusion: { type: "rrf", k: 60 },
          reranker: { type: "late-interaction", candidates: 50, weight: 1 },
        }),
      ),
    ).toBe("1bd52ba237243f52a230a3f4f6b0b99ee869a1bdfeca746f413738a3dd811345");
  });

  it.each<[string, (read: PipelineSpec) => PipelineSpec]>([
    ["transform", (read) => ({ ...read, transform: { type: "hyde", model: "m", passages: 1 } })],
    ["followUps", (read) => ({ ...read, followUps: { type: "none" } })],
    [
      "router",
      (read) => ({
        ...read,
        router: { type: "rules", identifiersByWords: true, unrerankedUpToWords: 0, smallUpToWords: 0, smallModel: null },
      }),
    ],
    ["space", (read) => ({ ...read, space: "other" })],
    ["diversity", (read) => ({ ...read, diversity: { type: "mmr", lambda: 0.7, candidates: 20 } })],
    ["packing.parentTokens", (read) => ({ ...read, packing: { ...read.packing, parentTokens: 700 } })],
    ["index.furtherSpaces", (read) => ({ ...read, index: { ...read.index, furtherSpaces: ["other"] } })],
    ["index.context.opening", (read) => ({ ...read, index: { ...read.index, context: { ...read.index.context, opening: true } } })],
    ["index.chunker", (read) => ({ ...read, index: { ...read.index, chunker: { ...read.index.chunker, breakpointPercentile: 80 } } })],
    ["fusion.weights", (read) => ({ ...read, fusion: { type: "rrf", k: 60, weights: { dense: 1, lexical: 2 } } })],
  ])("hash another %s", (part, change) => {
    const read = pipelineSpecSchema.parse(stored);
    const rrf: PipelineSpec = { ...read, fusion: { type: "rrf", k: 60, weights: { dense: 1, lexical: 1 } } };
    expect(pipelineHash(change(read))).not.toBe(pipelineHash(part === "fusion.weights" ? rrf : read));
    expect(indexHash(change(read)) === indexHash(read)).toBe(!part.startsWith("index"));
  });

  it("hash another version of fitted formulas or weights, and the same under the name of before", () => {
    const read = pipelineSpecSchema.parse({ ...stored, reranker: { type: "learned-linear", weights: "fusion-1", candidates: 50 } });
    expect(read.answer.formulas).toBe("extractive@1");
    const weighed = (weights: string) => pipelineHash({ ...read, reranker: { type: "learned-linear", weights, candidates: 50 } });
    expect(weighed("fusion-1")).toBe("6e8c3c8edba540a88af0f57a7be9e48bc45013478841ab160cd7dbedb998ee27");
    expect(weighed("fusion@1")).toBe(weighed("fusion-1"));
    expect(weighed("fusion-without-scifact@1")).toBe(weighed("fusion-1-without-scifact"));
    expect(new Set(["fusion@1", "fusion@2", "fusion-without-scifact@1"].map(weighed)).size).toBe(3);
    expect(pipelineHash({ ...read, answer: { ...read.answer, formulas: "extractive@2" } })).not.toBe(pipelineHash(read));
  });

  it("name the spaces that are indexed and the one that is searched", () => {
    const two: PipelineSpec = { ...spec, index: { ...spec.index, furtherSpaces: ["other", spec.index.space] } };
    expect(indexedSpaces(two)).toEqual(["fake_64", "other"]);
    expect([searchedSpace(two), searchedSpace({ ...two, space: "other" })]).toEqual(["fake_64", "other"]);
  });

  it("refuse what they do not know", () => {
    expect(pipelineSpecSchema.safeParse({ ...spec, magic: true }).success).toBe(false);
    expect(pipelineSpecSchema.safeParse({ ...spec, name: "Bad Name" }).success).toBe(false);
    expect(pipelineSpecSchema.safeParse({ ...spec, fusion: { type: "convex", lexicalWeight: 2 } }).success).toBe(false);
  });
});
