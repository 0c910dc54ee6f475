import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TraceExport } from "@footnote/sdk";
import { describe, expect, it } from "vitest";
import { recordedQuestions } from "./record-traces.ts";
import { describeReplay, replayTrace } from "./replay-trace.ts";

const folder = join(import.meta.dirname, "../../../evals/traces");
const files = (await readdir(folder)).toSorted();
const readFrom = async (file: string): Promise<TraceExport> => JSON.parse(await readFile(join(folder, file), "utf8"));

it("has a recorded trace of every kind", () => {
  expect(files).toEqual(recordedQuestions.map(({ name }) => `${name}.json`).toSorted());
});

it.each(files)("makes %s again, citations and claims exactly", async (file) => {
  const replay = await replayTrace(await readFrom(file));
  // A difference that is meant: pnpm eval traces --record
  expect(describeReplay(replay)).toBe("as recorded");
  expect(replay).toEqual({ differences: [], skipped: [] });
});

describe("a changed behaviour", () => {
  type Change = (exported: TraceExport) => void;
  const searched = (exported: TraceExport) => {
    const search = exported.trace.searches[0]?.trace;
    if (!search) throw new Error("The trace holds no search.");
    return search;
  };
  const changes: [step: string, file: string, change: Change][] = [
    [
      "query",
      "follow-up.json",
      ({ trace }) => (trace.searches[0] = { asked: "Another question?", trace: trace.searches[0]?.trace ?? null }),
    ],
    ["terms", "single-fact.json", (exported) => void searched(exported).terms.push("another")],
    ["fused", "single-fact.json", (exported) => void searched(exported).fused.reverse()],
    ["fused", "single-fact.json", (exported) => void searched(exported).legs[0]?.results.splice(0, 1)],
    ["reranked", "reranked.json", (exported) => void searched(exported).reranked?.order.reverse()],
    ["reranked", "learned-fusion.json", (exported) => void searched(exported).readings?.[0]?.scores.reverse()],
    ["sources", "two-parts.json", ({ trace }) => void trace.sources.pop()],
    ["request", "generated.json", ({ trace }) => (trace.request.sha256 = "0".repeat(64))],
    ["dropped", "generated.json", ({ trace }) => (trace.dropped.markers = 0)],
    ["finish", "abstention.json", ({ answer }) => (answer.finishReason = "stop")],
    ["text", "single-fact.json", ({ answer }) => (answer.text += " ")],
    ["citations", "generated.json", ({ answer }) => void answer.citations.pop()],
    ["claims", "generated.json", ({ answer: { claims } }) => (claims[0] = { answerSpan: { start: 0, end: 1 }, support: "partial" })],
  ];
  it.each(changes)("is told by its step: %s of %s", async (step, file, change) => {
    const exported = await readFrom(file);
    change(exported);
    const replay = await replayTrace(exported);
    expect(replay.differences[0]?.step).toBe(step);
    expect(describeReplay(replay)).toMatch(new RegExp(`^${step}: `, "u"));
  });

  it("of what the model said shows in text, citations and claims, with the source's text kept out of the sentence", async () => {
    const exported = await readFrom("generated.json");
    const said = exported.trace.output.find(({ type }) => type === "text-delta");
    if (!said) throw new Error("The model said nothing.");
    said["text"] = String(said["text"]).replace("52 euros", "53 euros");
    const replay = await replayTrace(exported);
    expect(replay.differences.map(({ step }) => step)).toEqual(["text", "claims"]);
    expect(describeReplay(replay)).toBe("text: the answer's text came out differently, and with it claims");
  });
});

describe("a trace that cannot be replayed", () => {
  it.each<[string, (exported: TraceExport) => unknown]>([
    ["no trace", () => ({ hello: 1 })],
    ["redacted", (exported) => (exported.trace.redacted = true)],
    ["cut", (exported) => exported.trace.truncated.push("legs")],
    ["ended early", (exported) => (exported.answer.finishReason = "cap")],
    ["none that this version can read", (exported) => (exported.trace.spec = { name: "old" })],
  ])("says so: %s", async (why, change) => {
    const exported = await readFrom("single-fact.json");
    const changed = change(exported);
    await expect(replayTrace(why === "no trace" ? changed : exported)).rejects.toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining(why),
    });
  });

  it("takes what a model or stored vectors made as recorded, and says so", async () => {
    const exported = await readFrom("reranked.json");
    const { spec } = exported.trace;
    exported.trace.spec = { ...spec, diversity: { type: "mmr", lambda: 0.5, candidates: 10 } };
    expect(await replayTrace(exported)).toEqual({ differences: [], skipped: ["reranked: the order of diversity needs vectors"] });
    exported.trace.spec = { ...spec, transform: { type: "hyde", model: "m" }, followUps: { type: "model", model: "m" } };
    const replay = await replayTrace(exported);
    expect(replay.differences).toEqual([]);
    expect(replay.skipped).toHaveLength(2);
    exported.trace.spec = { ...spec, followUps: { type: "none" } };
    expect((await replayTrace(exported)).differences).toEqual([]);
    exported.trace.searches = [{ asked: exported.trace.searches[0]?.asked ?? "", trace: null }];
    expect((await replayTrace(exported)).differences[0]?.step).toBe("sources");
  });
});
