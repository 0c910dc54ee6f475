import { describe, expect, it } from "vitest";
import { indexHash, pipelineHash, pipelineSpecSchema, type PipelineSpec } from "./pipeline.ts";

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
    expect(indexHash({ ...spec, index: { ...spec.index, context: { title: false, headingPath: true } } })).not.toBe(indexHash(spec));
  });

  it("refuse what they do not know", () => {
    expect(pipelineSpecSchema.safeParse({ ...spec, magic: true }).success).toBe(false);
    expect(pipelineSpecSchema.safeParse({ ...spec, name: "Bad Name" }).success).toBe(false);
    expect(pipelineSpecSchema.safeParse({ ...spec, fusion: { type: "convex", lexicalWeight: 2 } }).success).toBe(false);
  });
});
