import { type AnswerTrace, type ChunkId, newId, type SearchTrace } from "@footnote/core";
import { createScriptedModel, scriptText } from "@footnote/core/testing";
import { describe, expect, it } from "vitest";
import { question, sampleSpec } from "./testing/ask.ts";
import { sampleHits } from "./testing/sample-hits.ts";
import { boundTrace, createTraceRecorder } from "./trace-recorder.ts";

const scored = (count: number) => Array.from({ length: count }, () => ({ chunkId: newId("chunk"), score: Math.random() }));
const searched = (count: number): SearchTrace => ({
  query: "q",
  terms: ["q"],
  legs: [{ leg: "dense", results: scored(count) }],
  fused: scored(count),
  reranked: { reranker: "r", scores: scored(count), order: scored(count) },
});
const recorder = () => createTraceRecorder({ spec: sampleSpec(), model: { name: "m", extractive: false }, historyTurns: 2 });

describe("createTraceRecorder", () => {
  it("joins pieces of text and forgets what a call said that was tried again", () => {
    const made = recorder();
    made.call();
    made.event({ type: "text-delta", text: "gone" });
    made.call();
    for (const text of ["a", "b"]) made.event({ type: "text-delta", text, thoughtCharacters: 1 });
    made.event({ type: "finish", reason: "stop", promptTokens: 1, completionTokens: 1, cachedTokens: 0 });
    const id = newId("chunk");
    const trace = made.finish({ markers: 1, quotes: 2 }, [id, id]);
    expect(trace).toMatchObject({ historyTurns: 2, dropped: { markers: 1, quotes: 2 }, chunksRead: [id], truncated: [], redacted: false });
    expect(trace.output).toEqual([{ type: "text-delta", text: "ab" }, expect.objectContaining({ type: "finish" })]);
  });

  it("keeps within its size: long lists lose their ends, then the output goes, and it says so", () => {
    const made = recorder();
    for (let i = 0; i < 4; i++) made.search("q", searched(900));
    made.event({ type: "text-delta", text: "x".repeat(1_000) });
    const trace = made.finish({ markers: 0, quotes: 0 }, []);
    expect(Buffer.byteLength(JSON.stringify(trace))).toBeLessThanOrEqual(256 * 1024);
    expect(trace.truncated.toSorted()).toEqual(["fused", "legs", "reranked"]);
    expect(trace.searches[0]?.trace?.fused.length).toBeGreaterThan(4);
    expect(trace.output).toHaveLength(1);
    const talkative = recorder();
    talkative.event({ type: "text-delta", text: "x".repeat(300_000) });
    expect(talkative.finish({ markers: 0, quotes: 0 }, [])).toMatchObject({ output: [], truncated: ["output"] });
    const small = recorder().finish({ markers: 0, quotes: 0 }, []);
    expect(boundTrace(small, { mostBytes: 256 * 1024 })).toEqual(small);
  });
});

describe("the trace of an answer", () => {
  async function traceOf(options: Omit<Parameters<typeof question>[0], "save">): Promise<AnswerTrace> {
    const saved: AnswerTrace[] = [];
    await question({ ...options, save: async (_answer, trace) => void saved.push(trace) }).events();
    const [trace] = saved;
    if (!trace) throw new Error("The answer was not stored.");
    return trace;
  }
  const hits = sampleHits(["The boiler is guaranteed for seven years.", "The pump is guaranteed for two years."]);
  const model = createScriptedModel({ scripts: [scriptText(["The boiler is guaranteed for seven years [1]. Or not [9]."])] });

  it("names its sources, those that came with a hit apart, and the chunks that packing looked at", async () => {
    const [first, second] = hits;
    if (!first || !second) throw new Error("There are no hits.");
    const read: ChunkId[] = [second.chunk.id];
    const trace = await traceOf({
      model,
      hits: [first],
      pack: async () => [{ hit: first, before: [], after: [second.chunk] }],
      chunksRead: () => read,
    });
    expect(trace.sources).toEqual([
      { marker: 1, chunkId: first.chunk.id, documentId: first.chunk.documentId, versionId: first.chunk.versionId, isHit: true },
      { marker: 2, chunkId: second.chunk.id, documentId: second.chunk.documentId, versionId: second.chunk.versionId, isHit: false },
    ]);
    expect(trace.chunksRead).toEqual(read);
    expect(trace.dropped).toEqual({ markers: 1, quotes: 0 });
  });

  it("holds one search for each part of the question, and no text of documents but in what the model said", async () => {
    const trace = await traceOf({
      model,
      question: "How long is the boiler guaranteed? And how long is the pump guaranteed?",
      hits,
      search: async () => ({ hits, timings: {}, degraded: [], trace: searched(2) }),
    });
    expect(trace.searches.map(({ asked }) => asked.slice(0, 8))).toEqual(["How long", "And how "]);
    expect(trace.searches[1]?.trace?.fused).toHaveLength(2);
    expect(JSON.stringify({ ...trace, output: [] })).not.toContain("seven years");
  });

  it("has a hash of the request where the prompt is one of ours and the model gets it", async () => {
    const spec = sampleSpec({ prompt: "cited-answer@1" });
    const hashed = await traceOf({ model, hits, spec });
    expect(hashed.request).toMatchObject({ extractive: false, prompt: "cited-answer@1", sha256: expect.stringMatching(/^[0-9a-f]{64}$/u) });
    expect((await traceOf({ model, hits, spec })).request.sha256).toBe(hashed.request.sha256);
    expect((await traceOf({ model, hits, spec, question: "Another?" })).request.sha256).not.toBe(hashed.request.sha256);
    expect((await traceOf({ model, hits })).request.sha256).toBeNull();
    expect(
      (await traceOf({ model: createScriptedModel({ scripts: [scriptText([], "unsupported")], extractive: true }), hits, spec })).request
        .sha256,
    ).toBeNull();
  });
});
