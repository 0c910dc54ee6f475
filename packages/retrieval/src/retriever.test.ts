import {
  type Embedder,
  type ChunkId,
  createUsageMeter,
  FootnoteError,
  type LanguageModel,
  type LexicalIndex,
  type LocatedChunk,
  newId,
  type PipelineSpec,
  type Reranker,
  type UsageMeter,
  type VectorIndex,
} from "@footnote/core";
import {
  createFakeClock,
  createFakeEmbedder,
  createMemoryIndex,
  createScriptedModel,
  createSilentTelemetry,
  hitOf,
} from "@footnote/core/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { createAnalyzer } from "./analysis/analyzer.ts";
import { pipelines } from "./pipelines.ts";
import { rerankerName } from "./rerank-hits.ts";
import { createRetriever, type RetrieverOptions } from "./retriever.ts";

/** The steps before reranking: the default without it. */
const plainSpec: PipelineSpec = { ...pipelines.default, spelling: "as-written", reranker: { type: "none" } };
/** A process that has this embedder and no other. */
const servedBy = (one: Embedder) => (space: string) => (space === one.space.id ? one : undefined);

const embedder = createFakeEmbedder({ id: pipelines.default.index.space, dimensions: 256 });
const analyzer = createAnalyzer({ language: "en" });
const texts = [
  "Descale the espresso machine every 90 days with citric acid.",
  "The boiler is guaranteed for seven years.",
  "Parking for visitors is behind the building.",
  "The espresso machine weighs 14,5 kg.",
  "Lunch is served from noon.",
];

let index = createMemoryIndex();
let tenantId = newId("tenant");
let collectionId = newId("collection");
let chunkIds: ChunkId[] = [];

async function add(text: string, more: { access?: string[]; metadata?: Record<string, string> } = {}): Promise<ChunkId> {
  const chunk: LocatedChunk = { ...hitOf(text).chunk, tokenCount: embedder.countTokens(text) };
  const [embedding] = await embedder.embed({ texts: [text], purpose: "passage" });
  index.add({ tenantId, collectionId, chunk, analyzed: analyzer.analyze(text), vector: embedding?.vector ?? new Float32Array(), ...more });
  return chunk.id;
}

beforeEach(async () => {
  index = createMemoryIndex();
  tenantId = newId("tenant");
  collectionId = newId("collection");
  chunkIds = [];
  for (const text of texts) chunkIds.push(await add(text));
});

const retriever = (more: Partial<RetrieverOptions> = {}) =>
  createRetriever({ embedderFor: servedBy(embedder), lexical: index.lexical, dense: index.dense, chunks: index.chunks, ...more });
const ask = (
  query: string,
  more: {
    spec?: PipelineSpec;
    limit?: number;
    signal?: AbortSignal;
    principals?: string[];
    filter?: Record<string, string>;
    meter?: UsageMeter;
  } = {},
) => ({
  tenantId,
  collectionId,
  spec: plainSpec,
  query,
  limit: 3,
  ...more,
});
const failing = (message = "The index is away.") => ({
  search: async (): Promise<never> => {
    throw new FootnoteError("storage_unavailable", message);
  },
});
const brokenDense: VectorIndex = { capabilities: { exact: true }, ...failing() };
const brokenLexical: LexicalIndex = { capabilities: { mutable: true }, ...failing() };
/** Scores by position from the end: turns the order of its candidates round. */
const reversing: Reranker = {
  name: "late-interaction",
  capabilities: { maxCandidates: 50, needsTokenVectors: false },
  rerank: async ({ candidates }) => ({ scores: candidates.map((_, position) => position) }),
};
const rerankSpec: PipelineSpec = { ...pipelines["hybrid-rrf-rerank"], reranker: { type: "late-interaction", candidates: 3, weight: 1 } };

describe("createRetriever", () => {
  it.each([plainSpec, { ...rerankSpec, reranker: { type: "none" as const } }])("finds by both legs ($fusion.type)", async (spec) => {
    const telemetry = createSilentTelemetry();
    const { hits, timings, degraded } = await retriever({ telemetry }).search(ask("How often should the machine be descaled?", { spec }));
    expect(hits[0]?.chunk.id).toBe(chunkIds[0]);
    expect(hits[0]?.ranks).toEqual({ dense: expect.any(Number), lexical: 1 });
    expect(hits[0]?.scores.fusion).toBe(hits[0]?.score);
    expect(hits).toHaveLength(3);
    expect(degraded).toEqual([]);
    expect(Object.keys(timings).sort()).toEqual(["analyze", "dense", "embed-query", "fuse", "lexical", "read", "search"]);
    const scores = hits.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  });

  it("searches a misspelt word as it is written in the documents, where the pipeline says so", async () => {
    const spec: PipelineSpec = { ...plainSpec, spelling: "corrected" };
    const isWord = (word: string) => ["often", "machine"].includes(word);
    const wordsOnly = { ...spec, candidates: { dense: 0, lexical: 100 } };
    const { hits, trace, timings } = await retriever({ isWord }).search(
      ask("how often is the espreso machine descaled", { spec: wordsOnly }),
    );
    expect(trace?.query).toBe("how often is the espresso machine descaled");
    expect(trace?.corrections).toEqual([{ from: "espreso", to: "espresso" }]);
    expect(trace?.terms).toContain("espresso");
    expect(hits[0]?.chunk.id).toBe(chunkIds[0]);
    expect(timings["spelling"]).toBeGreaterThanOrEqual(0);

    for (const [made, asked] of [
      [retriever({ isWord }), plainSpec],
      [retriever(), spec],
    ] as const) {
      const written = await made.search(ask("espreso machine", { spec: asked }));
      expect(written.trace?.query).toBe("espreso machine");
      expect(written.trace).not.toHaveProperty("corrections");
    }
  });

  it("goes on with the question as it was asked when its spelling cannot be looked into", async () => {
    const spec: PipelineSpec = { ...plainSpec, spelling: "corrected" };
    const { hits, degraded } = await retriever({ isWord: () => false, lexical: brokenLexical }).search(ask("espreso machine", { spec }));
    expect(hits.length).toBeGreaterThan(0);
    expect(degraded.map(({ step }) => step)).toEqual(["spelling", "lexical"]);
  });

  it("traces legs, fused order and the reranker's scores, by ids only", async () => {
    const { hits, trace } = await retriever({ rerankers: [reversing] }).search(
      ask("descale the espresso machine", { spec: rerankSpec, limit: 2 }),
    );
    expect(trace?.query).toBe("descale the espresso machine");
    expect(trace?.terms).toContain("espresso");
    expect(trace?.legs.map(({ leg, results }) => [leg, results.length > 0])).toEqual([
      ["dense", true],
      ["lexical", true],
    ]);
    const fused = trace?.fused.slice(0, 3).map(({ chunkId }) => chunkId) ?? [];
    expect(trace?.reranked?.scores.find(({ chunkId }) => chunkId === fused[2])).toEqual({ chunkId: fused[2], score: 2 });
    expect(trace?.readings).toEqual([{ reranker: "late-interaction", chunkIds: fused, scores: [0, 1, 2], readings: {} }]);
    expect(trace?.reranked?.order.slice(0, 2).map(({ chunkId }) => chunkId)).toEqual(hits.map(({ chunk }) => chunk.id));
    for (const text of texts) expect(JSON.stringify(trace)).not.toContain(text);
  });

  it("has no hits for a blank query, and dense hits for one of stop words only, without calling that a failure", async () => {
    expect((await retriever().search(ask(" \n\t "))).hits).toEqual([]);
    const { hits, degraded } = await retriever().search(ask("is the from"));
    expect(hits).toHaveLength(3);
    expect(hits.every(({ ranks }) => ranks.dense !== undefined && ranks.lexical === undefined)).toBe(true);
    expect(degraded).toEqual([]);
    const lexicalOnly = { ...plainSpec, candidates: { dense: 0, lexical: 10 } };
    expect((await retriever().search(ask("is the from", { spec: lexicalOnly }))).hits).toEqual([]);
  });

  it("runs one leg alone where the spec asks nothing of the other", async () => {
    const { hits, timings } = await retriever({ dense: brokenDense }).search(
      ask("boiler", { spec: { ...plainSpec, candidates: { dense: 0, lexical: 10 } } }),
    );
    expect(hits.map(({ chunk }) => chunk.id)).toEqual([chunkIds[1]]);
    expect(timings).not.toHaveProperty("embed-query");
  });

  it("goes on with one leg when the other fails, and says which and why", async () => {
    const lexicalOnly = await retriever({ dense: brokenDense }).search(ask("boiler"));
    expect(lexicalOnly.hits.map(({ chunk }) => chunk.id)).toEqual([chunkIds[1]]);
    expect(lexicalOnly.degraded).toEqual([
      { step: "dense", reason: "storage_unavailable: The index is away.", fallback: "lexical results only" },
    ]);
    const denseOnly = await retriever({ lexical: brokenLexical }).search(ask("boiler"));
    expect(denseOnly.hits).toHaveLength(3);
    expect(denseOnly.degraded.map(({ step }) => step)).toEqual(["lexical"]);
    const noVector = { ...embedder, embed: async () => [] };
    expect((await retriever({ embedderFor: servedBy(noVector) }).search(ask("boiler"))).degraded[0]?.reason).toMatch(/^embedding_failed/u);
  });

  it("throws the leg's error when nothing that was asked could answer", async () => {
    await expect(retriever({ dense: brokenDense, lexical: brokenLexical }).search(ask("boiler"))).rejects.toThrow("The index is away.");
    await expect(retriever({ dense: brokenDense }).search(ask("the of"))).rejects.toThrow("The index is away.");
    const lexicalOnly = { ...plainSpec, candidates: { dense: 0, lexical: 10 } };
    await expect(retriever({ lexical: brokenLexical }).search(ask("boiler", { spec: lexicalOnly }))).rejects.toThrow("The index is away.");
  });

  it("gives a leg up after its limit, even one that ignores its signal", async () => {
    const clock = createFakeClock();
    const seen: AbortSignal[] = [];
    const stuck: VectorIndex = {
      capabilities: { exact: true },
      search: ({ signal }) => {
        if (signal) seen.push(signal);
        // After the other leg has answered.
        setImmediate(() => clock.advance(500));
        return new Promise(() => {});
      },
    };
    const { hits, degraded } = await retriever({ dense: stuck, clock, timeouts: { legMs: 500 } }).search(ask("boiler"));
    expect(hits.map(({ chunk }) => chunk.id)).toEqual([chunkIds[1]]);
    expect(degraded[0]?.reason).toBe("timeout: The dense search took longer than 500 ms; try again.");
    expect(seen[0]?.aborted).toBe(true);
  });

  it("keeps an unknown error's text out of what it reports", async () => {
    const leaky: VectorIndex = {
      capabilities: { exact: true },
      search: async () => {
        throw new Error("secret document text");
      },
    };
    expect(JSON.stringify((await retriever({ dense: leaky }).search(ask("boiler"))).degraded)).not.toContain("secret");
  });

  it("ends with `cancelled` when the caller leaves, before and during the search", async () => {
    await expect(retriever().search(ask("boiler", { signal: AbortSignal.abort() }))).rejects.toMatchObject({ code: "cancelled" });
    const controller = new AbortController();
    const leaving: VectorIndex = {
      capabilities: { exact: true },
      search: () => {
        controller.abort();
        return new Promise(() => {});
      },
    };
    await expect(retriever({ dense: leaving }).search(ask("boiler", { signal: controller.signal }))).rejects.toMatchObject({
      code: "cancelled",
    });
    const late = new AbortController();
    const leavingReranker: Reranker = {
      ...reversing,
      rerank: async () => {
        late.abort();
        throw new FootnoteError("rerank_failed", "No.");
      },
    };
    await expect(
      retriever({ rerankers: [leavingReranker] }).search(ask("boiler", { spec: rerankSpec, signal: late.signal })),
    ).rejects.toMatchObject({ code: "cancelled" });
  });

  it("reorders the candidates by the reranker and lets the others follow with falling scores", async () => {
    const plain = await retriever().search(ask("espresso machine", { spec: { ...rerankSpec, reranker: { type: "none" } }, limit: 5 }));
    const { hits, degraded, timings } = await retriever({ rerankers: [reversing] }).search(
      ask("espresso machine", { spec: rerankSpec, limit: 5 }),
    );
    const order = plain.hits.map(({ chunk }) => chunk.id);
    expect(hits.map(({ chunk }) => chunk.id)).toEqual([order[2], order[1], order[0], order[3], order[4]]);
    expect(hits.map(({ ranks }) => ranks.rerank)).toEqual([1, 2, 3, undefined, undefined]);
    expect(hits.map(({ scores }) => scores.rerank)).toEqual([2, 1, 0, undefined, undefined]);
    const scores = hits.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(degraded).toEqual([]);
    expect(timings).toHaveProperty("rerank");
  });

  it("reads no more candidates than the reranker takes, and reranks beyond the limit", async () => {
    const sizes: number[] = [];
    const counting: Reranker = {
      ...reversing,
      rerank: (request) => {
        sizes.push(request.candidates.length);
        return reversing.rerank(request);
      },
    };
    const meter = createUsageMeter();
    const { hits } = await retriever({ rerankers: [counting] }).search(ask("espresso machine", { spec: rerankSpec, limit: 1, meter }));
    // What was read is counted, not what came out.
    const { inputTokens = 0 } = meter.used().find(({ stage }) => stage === "rerank") ?? {};
    expect(inputTokens).toBeGreaterThan(hits[0]?.chunk.tokenCount ?? 0);
    await retriever({ rerankers: [{ ...counting, capabilities: { ...reversing.capabilities, maxCandidates: 2 } }] }).search(
      ask("espresso machine", { spec: rerankSpec, limit: 1 }),
    );
    expect(sizes).toEqual([3, 2]);
  });

  it.each<[string, Reranker[], RegExp]>([
    ["is not configured", [], /^configuration_invalid/u],
    [
      "fails",
      [
        {
          ...reversing,
          rerank: async () => {
            throw new FootnoteError("rerank_failed", "Out of memory.");
          },
        },
      ],
      /^rerank_failed: Out of memory/u,
    ],
    ["scores too few", [{ ...reversing, rerank: async () => ({ scores: [1] }) }], /one finite score per candidate/u],
    ["scores NaN", [{ ...reversing, rerank: async () => ({ scores: [1, Number.NaN, 2] }) }], /one finite score per candidate/u],
    ["has no score at all", [{ ...reversing, rerank: async () => ({ scores: [null, null, null] }) }], /no score for any candidate/u],
  ])("keeps the fused order when the reranker %s", async (_, rerankers, reason) => {
    const plain = await retriever().search(ask("espresso machine", { spec: { ...rerankSpec, reranker: { type: "none" } } }));
    const { hits, degraded } = await retriever({ rerankers }).search(ask("espresso machine", { spec: rerankSpec }));
    expect(hits).toEqual(plain.hits);
    expect(degraded).toEqual([{ step: "rerank", reason: expect.stringMatching(reason), fallback: "fused order" }]);
  });

  it("asks the next best when a chunk may not be read any more", async () => {
    const hidden = chunkIds[0];
    const chunks = {
      ...index.chunks,
      read: async (request: Parameters<typeof index.chunks.read>[0]) => {
        const read = await index.chunks.read(request);
        if (hidden) read.delete(hidden);
        return read;
      },
    };
    const { hits } = await retriever({ chunks }).search(ask("espresso machine", { limit: 4 }));
    expect(hits).toHaveLength(4);
    expect(hits.map(({ chunk }) => chunk.id)).not.toContain(hidden);
  });

  it("passes filter and principals to both legs", async () => {
    const secret = await add("The espresso machine of the board.", { access: ["board"] });
    const tagged = await add("The espresso machine in the lobby.", { metadata: { floor: "0" } });
    const ids = async (more: Parameters<typeof ask>[1]) =>
      (await retriever().search(ask("espresso machine", { limit: 20, ...more }))).hits.map(({ chunk }) => chunk.id);
    expect(await ids({})).not.toContain(secret);
    expect(await ids({ principals: ["board"] })).toContain(secret);
    expect(await ids({ filter: { floor: "0" } })).toEqual([tagged]);
  });

  it("sees nothing of another tenant or collection", async () => {
    const other = { ...ask("espresso machine"), tenantId: newId("tenant") };
    expect((await retriever().search(other)).hits).toEqual([]);
    expect((await retriever().search({ ...ask("espresso machine"), collectionId: newId("collection") })).hits).toEqual([]);
  });

  it("orders equal scores by chunk id", async () => {
    const same = [await add("Fire drill on Tuesday."), await add("Fire drill on Tuesday."), await add("Fire drill on Tuesday.")];
    const { hits } = await retriever().search(ask("fire drill"));
    expect(hits.map(({ chunk }) => chunk.id)).toEqual(same.toSorted());
  });

  it("refuses a spec of another space or another analysis", async () => {
    const elsewhere = { ...plainSpec, index: { ...pipelines.default.index, space: "other" } };
    await expect(retriever().search(ask("boiler", { spec: elsewhere }))).rejects.toMatchObject({ code: "pipeline_incompatible" });
    await expect(retriever({ analyzer: createAnalyzer({ language: "de" }) }).search(ask("boiler"))).rejects.toMatchObject({
      code: "pipeline_incompatible",
    });
    expect((await retriever({ analyzer }).search(ask("boiler"))).hits).not.toHaveLength(0);
  });
});

describe("pipelines", () => {
  it("share what a collection is built with, so that each can serve every collection", () => {
    expect(pipelines.default.index).toEqual(pipelines["hybrid-rrf-rerank"].index);
    for (const [name, spec] of Object.entries(pipelines)) expect(spec).toMatchObject({ name, version: 1 });
  });

  it("name their rerankers", () => {
    expect(rerankerName({ type: "none" })).toBeNull();
    expect(rerankerName(pipelines["hybrid-rrf-rerank"].reranker)).toBe("late-interaction");
    expect(rerankerName({ type: "cross-encoder", model: "tiny", candidates: 5, weight: 1 })).toBe("tiny");
  });
});

describe("the steps of a spec", () => {
  const passages = (text: string) =>
    createScriptedModel({ name: "writer", scripts: [], completions: [{ text: JSON.stringify({ texts: [text] }) }] });
  const hyde: PipelineSpec = {
    ...plainSpec,
    candidates: { dense: 100, lexical: 0 },
    transform: { type: "hyde", model: "writer", passages: 1 },
  };
  const wordings: PipelineSpec = { ...plainSpec, transform: { type: "multi-query", model: "writer", queries: 1 } };

  it("searches by a made-up passage, and accounts for it", async () => {
    const model = passages("The boiler is guaranteed for seven years.");
    const meter = createUsageMeter();
    const { hits, timings, degraded, trace } = await retriever({ modelNamed: () => model }).search(
      ask("warranty of the heater", { spec: hyde, meter }),
    );
    expect(hits[0]?.chunk.id).toBe(chunkIds[1]);
    expect(meter.used()).toMatchObject([
      { stage: "transform", model: "writer", inputTokens: 10, outputTokens: 5, modelCalls: 1, usd: 0 },
      // The question's four words and the passage's seven.
      { stage: "embed", model: embedder.space.id, inputTokens: 4 + 7, modelCalls: 0 },
    ]);
    expect(timings).toHaveProperty("transform");
    expect(degraded).toEqual([]);
    expect(trace?.passages).toEqual(["The boiler is guaranteed for seven years."]);
  });

  it("accounts for a transform that hangs or is of no use, and for no embedding that was not made", async () => {
    const guess = { promptTokens: 30, completionTokens: 200, cachedTokens: 0 };
    const model: LanguageModel = {
      ...createScriptedModel({ name: "writer", scripts: [] }),
      complete: ({ meter }) => (meter?.(guess), new Promise(() => {})),
    };
    const hanging = createUsageMeter();
    const slow = retriever({ modelNamed: () => model, timeouts: { transformMs: 5 } });
    const spec: PipelineSpec = { ...wordings, candidates: { dense: 0, lexical: 100 } };
    expect((await slow.search(ask("boiler", { spec, meter: hanging }))).degraded).toMatchObject([{ step: "transform" }]);
    expect(hanging.used()).toMatchObject([{ stage: "transform", inputTokens: 30, outputTokens: 200 }]);
    const useless = createUsageMeter();
    await retriever({ modelNamed: () => passages("boiler") }).search(ask("boiler", { spec, meter: useless }));
    expect(useless.used()).toMatchObject([{ stage: "transform", inputTokens: 10, outputTokens: 5 }]);
  });

  it("asks for the model of the tenant that searches, whoever searched before", async () => {
    const [first, second] = [tenantId, newId("tenant")];
    const wanted: string[] = [];
    const shared = retriever({
      modelNamed: (tenant, name) => {
        wanted.push(`${tenant === first ? "first" : "second"} ${name}`);
        return tenant === first ? passages("boiler guaranteed years") : undefined;
      },
    });
    expect((await shared.search(ask("parking warranty", { spec: wordings }))).degraded).toEqual([]);
    const other = await shared.search({ ...ask("parking warranty", { spec: wordings }), tenantId: second });
    expect(other.degraded).toMatchObject([{ step: "transform" }]);
    expect(wanted).toEqual(["first writer", "second writer"]);
  });

  it("finds by another wording what the question's own words miss", async () => {
    const query = "parking warranty";
    const plain = await retriever().search(ask(query, { limit: 1 }));
    expect(plain.hits[0]?.chunk.id).not.toBe(chunkIds[1]);
    const model = passages("boiler guaranteed years");
    const { hits, trace } = await retriever({ modelNamed: () => model }).search(ask(query, { spec: wordings, limit: 3 }));
    expect(hits.map(({ chunk }) => chunk.id)).toContain(chunkIds[1]);
    expect(trace?.legs.map(({ leg, query: of }) => [leg, of])).toContainEqual(["lexical", "boiler guaranteed years"]);
  });

  it.each([
    ["no model of that name", undefined],
    ["a model that fails", createScriptedModel({ scripts: [], completions: [new FootnoteError("model_failed", "The model is away.")] })],
  ])("serves the question as it was asked with %s, and says so", async (_case, model) => {
    const query = "How often should the machine be descaled?";
    const { hits, degraded } = await retriever({ modelNamed: () => model }).search(ask(query, { spec: wordings }));
    expect(hits.map(({ chunk }) => chunk.id)).toEqual((await retriever().search(ask(query))).hits.map(({ chunk }) => chunk.id));
    expect(degraded).toMatchObject([{ step: "transform", fallback: "the question as it was asked" }]);
  });

  const diverse: PipelineSpec = { ...plainSpec, diversity: { type: "mmr", lambda: 0.3, candidates: 6 } };

  it("puts what says something else before a repetition", async () => {
    const twin = await add("Descale the espresso machine every 90 days with citric acid!");
    const query = "descale the espresso machine";
    const alike = await retriever().search(ask(query));
    expect(
      alike.hits
        .slice(0, 2)
        .map(({ chunk }) => chunk.id)
        .toSorted(),
    ).toEqual([chunkIds[0], twin].toSorted());
    const { hits, timings, trace } = await retriever({ vectors: index.vectors }).search(ask(query, { spec: diverse }));
    expect(hits.slice(0, 2).map(({ chunk }) => chunk.id)).not.toEqual(alike.hits.slice(0, 2).map(({ chunk }) => chunk.id));
    expect(new Set([chunkIds[0], twin])).toContain(hits[0]?.chunk.id);
    expect(timings).toHaveProperty("diversify");
    expect(trace?.diversified?.slice(0, 3)).toEqual(hits.map(({ chunk }) => chunk.id));
  });

  it("serves the most relevant where no vectors can be read, and says so", async () => {
    const query = "descale the espresso machine";
    const { hits, degraded } = await retriever().search(ask(query, { spec: diverse }));
    expect(hits).toEqual((await retriever().search(ask(query))).hits);
    expect(degraded).toMatchObject([{ step: "diversify" }]);
  });

  it("routes an identifier to the lexical leg", async () => {
    const id = await add("Set maxRetries to 3.");
    const router = { type: "rules" as const, identifiersByWords: true, unrerankedUpToWords: 0, smallUpToWords: 0, smallModel: null };
    const { hits, timings, trace } = await retriever({ dense: brokenDense }).search(ask("maxRetries", { spec: { ...plainSpec, router } }));
    expect(trace?.routed).toEqual(["by-words"]);
    expect((await retriever().search(ask("boiler", { spec: { ...plainSpec, router } }))).trace).not.toHaveProperty("routed");
    expect(hits.map(({ chunk }) => chunk.id)).toEqual([id]);
    expect(timings).not.toHaveProperty("dense");
  });

  it("searches a further space of the index, and no other", async () => {
    const second = createFakeEmbedder({ id: "second_256", dimensions: 256 });
    const index2: PipelineSpec["index"] = { ...pipelines.default.index, furtherSpaces: ["second_256"] };
    const spaces: string[] = [];
    const dense: VectorIndex = {
      capabilities: { exact: true },
      search: async (request) => (spaces.push(request.space), await index.dense.search(request)),
    };
    const spec: PipelineSpec = { ...plainSpec, index: index2, space: "second_256" };
    expect((await retriever({ embedderFor: servedBy(second), dense }).search(ask("boiler", { spec }))).hits[0]?.chunk.id).toBe(chunkIds[1]);
    expect(spaces).toEqual(["second_256"]);
    await expect(
      retriever({ embedderFor: servedBy(second) }).search(ask("boiler", { spec: { ...spec, index: pipelines.default.index } })),
    ).rejects.toThrow(/its index does not hold/u);
    await expect(retriever().search(ask("boiler", { spec }))).rejects.toMatchObject({ code: "pipeline_incompatible" });
  });

  it("weighs the legs of reciprocal rank fusion", async () => {
    const fusion = (dense: number, lexical: number): PipelineSpec => ({
      ...plainSpec,
      fusion: { type: "rrf", k: 60, weights: { dense, lexical } },
    });
    const query = "guaranteed";
    const onlyWords = await retriever().search(ask(query, { spec: fusion(0, 1), limit: 10 }));
    expect(onlyWords.hits).toHaveLength(1);
    expect((await retriever().search(ask(query, { spec: fusion(1, 1), limit: 10 }))).hits).toHaveLength(texts.length);
  });
});
