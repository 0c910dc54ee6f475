import { newId, pipelineSpecSchema } from "@footnote/core";
import type { Chunker, ChunkDraft, Hit, ModelEvent, ModelSource } from "@footnote/core";
import { createFakeEmbedder, createScriptedModel } from "@footnote/core/testing";
import { pipelines } from "@footnote/retrieval";
import { describe, expect, it } from "vitest";
import { createEngine } from "@footnote/server/engine";
import { faultyEngine, faultyModels, faults, faultySpec, unsupportedShare } from "./injected-faults.ts";

const fault = (name: string) => {
  const found = faults.find((one) => one.name === name);
  if (!found) throw new Error(`no fault ${name}`);
  return found;
};

const versionId = newId("version");
const documentId = newId("document");

function hit(change: { text: string; start?: number; ordinal?: number }): Hit {
  const { text, start = 0, ordinal = 0 } = change;
  const chunk = { id: newId("chunk"), versionId, documentId, ordinal, start, end: start + text.length, text };
  return { chunk: { ...chunk, headingPath: [], tokenCount: 1, title: null, mediaType: "text/plain" }, score: 1, ranks: {}, scores: {} };
}

const quote = (text: string, marker: number): ModelEvent => ({ type: "quote", text, marker, sourceSpan: { start: 0, end: 1 }, support: 1 });

/** What a faulty model makes of an extractive one's quotes. */
async function says(name: string, sources: ModelSource[], quotes: ModelEvent[]): Promise<string> {
  const finish: ModelEvent = { type: "finish", reason: "stop", promptTokens: 9, completionTokens: 9, cachedTokens: 0 };
  const model = fault(name).model?.(createScriptedModel({ scripts: [[...quotes, finish]] }));
  let text = "";
  for await (const event of model?.generate({ question: "Why?", sources, history: [], maxSentences: 4, minSupport: 0.5 }) ?? []) {
    if (event.type === "text-delta") text += event.text;
    else if (event.type !== "finish" || event.promptTokens > 0) throw new Error(`unexpected ${event.type}`);
  }
  return text;
}

describe("injected faults", () => {
  it("are the eight of the issue, each a valid spec that differs from the one that it spoils", () => {
    expect(faults).toHaveLength(8);
    for (const one of faults) {
      const spec = faultySpec(one, pipelines.default);
      expect(pipelineSpecSchema.parse(spec)).toEqual(spec);
      expect(spec.name).toBe(`${one.name}-default`);
      const parts = [one.engine, one.model, one.reranker, one.spec];
      expect(parts.some((part) => part !== undefined)).toBe(true);
    }
    expect(faultySpec(fault("drop-lexical"), pipelines.default).candidates).toMatchObject({ lexical: 0 });
    expect(faultySpec(fault("answer-unanswerable"), pipelines.default).answer.minSupport).toBe(0);
    expect(faultySpec(fault("cite-neighbour"), pipelines.default).answer.model).toBe("cite-neighbour");
    expect(faultySpec(fault("truncate-context"), pipelines.default)).toMatchObject({ topK: 1, packing: { strategy: "none" } });
  });

  it("cut chunks in half, whole characters and all", () => {
    const draft: ChunkDraft = { text: "abc😀de", start: 10, end: 17, headingPath: [], tokenCount: 3 };
    const inner: Chunker = { strategy: "structure", chunk: () => [draft, { ...draft, text: " ", end: 11 }] };
    const engine = fault("halve-chunks").engine?.({ ...createEngine(), chunkerFor: () => inner });
    const document = { title: null, mediaType: "text/plain", language: null, text: "", blocks: [], pages: [], warnings: [] };
    const [half, blank] =
      engine?.chunkerFor("structure").chunk({ document, spec: pipelines.default.index.chunker, countTokens: () => 1 }) ?? [];
    expect(half).toMatchObject({ text: "abc", start: 10, end: 13, tokenCount: 1 });
    expect(blank?.text).toBe(" ");
  });

  it("make vectors of norm 1 that a hash decides, and keep the rest of the embedder", async () => {
    const fake = createFakeEmbedder();
    const made = createEngine();
    const engine = fault("hash-embedder").engine?.({ ...made, embedder: { ...made.embedder, ...fake }, embedderFor: () => undefined });
    const embedder = engine?.embedderFor(fake.space.id);
    const [one, same, near] = (await embedder?.embed({ texts: ["a cat", "a cat", "a cat."], purpose: "query" })) ?? [];
    expect(one?.vector).toEqual(same?.vector);
    expect(Math.hypot(...(one?.vector ?? []))).toBeCloseTo(1, 5);
    const cosine = (one?.vector ?? new Float32Array()).reduce((sum, value, index) => sum + value * (near?.vector[index] ?? 0), 0);
    expect(Math.abs(cosine)).toBeLessThan(0.6);
    expect(engine?.embedderFor("another")).toBeUndefined();
    await made.close();
  });

  it("shuffle the same hits in the same way, whatever their ids", async () => {
    const { reranker } = fault("shuffle-ranks");
    const hits = ["one", "two", "three"].map((text, at) => hit({ text, start: at, ordinal: at }));
    const request = { tenantId: newId("tenant"), query: "why", candidates: hits };
    const first = await reranker?.rerank(request);
    expect(first?.scores).toEqual((await reranker?.rerank(request))?.scores);
    expect(first?.scores).not.toEqual((await reranker?.rerank({ ...request, query: "how" }))?.scores);
  });

  it("cite the chunk beside the one that was quoted, else the next source", async () => {
    const sources = [
      { marker: 1, hit: hit({ text: "a", ordinal: 4 }) },
      { marker: 2, hit: hit({ text: "b", ordinal: 9 }) },
      { marker: 3, hit: hit({ text: "c", ordinal: 5 }) },
    ];
    const said = await says("cite-neighbour", sources, [quote("First of all", 1), quote("Second.", 2)]);
    expect(said).toBe("First of all. [3]\nSecond. [3]\n");
  });

  it("make up about the share of sentences that they say", async () => {
    const sources = [{ marker: 1, hit: hit({ text: "a" }) }];
    const said = await says(
      "unsupported-sentences",
      sources,
      Array.from({ length: 400 }, () => quote("True.", 1)),
    );
    const lines = said.trim().split("\n");
    const invented = lines.filter((line) => line.startsWith("The supervisory board")).length;
    expect(Math.abs(invented / lines.length - unsupportedShare)).toBeLessThan(0.03);
    expect(said).toContain("True. [1]");
  });

  it("go together where they leave the index alone", () => {
    const together = faults.filter(({ engine }) => !engine);
    const inner = createScriptedModel({ scripts: [], name: "extractive" });
    expect(faultyModels(together, inner).map(({ name }) => name)).toEqual(["cite-neighbour", "unsupported-sentences"]);
    expect(together.flatMap(({ reranker }) => reranker?.name ?? [])).toEqual(["shuffle"]);
    const engine = createEngine();
    expect(faultyEngine(together, engine)).toBe(engine);
  });
});
