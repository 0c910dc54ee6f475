import { createUsageMeter, FootnoteError, newId, type ScoredChunk, type Timings } from "@footnote/core";
import { createFakeClock, createFakeEmbedder, createMemoryIndex, createSilentTelemetry } from "@footnote/core/testing";
import { describe, expect, it } from "vitest";
import { createAnalyzer } from "./analysis/analyzer.ts";
import { pipelines } from "./pipelines.ts";
import { type Leg, type OptionalStep, runSteps, type Step, type StepList } from "./run-steps.ts";
import { nothingFound, type SearchContext } from "./search-context.ts";

const index = createMemoryIndex();
const tenantId = newId("tenant");
const embedder = createFakeEmbedder();
const start: SearchContext = {
  parts: { embedderFor: () => embedder, lexical: index.lexical, dense: index.dense, chunks: index.chunks },
  tenantId,
  scope: { tenantId, collectionId: newId("collection") },
  spec: pipelines.default,
  embedder,
  space: "fake_64",
  analyzer: createAnalyzer({ language: "en" }),
  limit: 3,
  meter: createUsageMeter(),
  ...nothingFound,
  query: "boiler",
  queries: ["boiler"],
};
const away = new FootnoteError("storage_unavailable", "The index is away.");
const results: ScoredChunk[] = [{ chunkId: newId("chunk"), score: 1 }];
const never = () => new Promise<never>(() => {});

function run(steps: StepList, clock = createFakeClock(0), signal?: AbortSignal) {
  const timings: Timings = {};
  const timeouts = { legMs: 100, rerankMs: 100, readMs: 100, transformMs: 100 };
  const stages: string[] = [];
  const telemetry = {
    ...createSilentTelemetry(),
    stage: (name: string, _ms: number, outcome: string) => void stages.push(`${name} ${outcome}`),
  };
  return { found: runSteps(steps, start, { clock, timeouts, telemetry, signal, timings }), timings, stages, clock };
}

const step = (name: Step["name"], body: Step["run"]): Step => ({ name, run: body });
const optional = (body: OptionalStep["run"]): OptionalStep => ({
  name: "spelling",
  deadline: { what: "correction of the spelling", timeout: "legMs" },
  fallback: "the question as it was asked",
  run: body,
});
const leg = (name: "dense" | "lexical", steps: readonly Step[]): Leg => ({
  name,
  applies: () => true,
  steps,
  deadline: { what: `${name} search`, timeout: "legMs" },
  fallback: "the other's results",
});

describe("runSteps", () => {
  it("hands each step what those before it found, and times it", async () => {
    const { found, timings, stages } = run([
      step("analyze", async () => ({ query: "kettle" })),
      { ...step("fuse", never), applies: ({ query }) => query === "boiler" },
      step("read", async ({ query }) => ({ queries: [query, query] })),
    ]);
    expect(await found).toMatchObject({ query: "kettle", queries: ["kettle", "kettle"] });
    expect(Object.keys(timings)).toEqual(["analyze", "read"]);
    // Reading is part of a search and no stage of its own.
    expect(stages).toEqual(["analyze ok"]);
    expect(start.query).toBe("boiler");
  });

  it("goes on without an optional step that fails, and ends with any other", async () => {
    const failing = run([optional(() => Promise.reject(away)), step("fuse", async () => ({ fused: results }))]);
    expect(await failing.found).toMatchObject({
      fused: results,
      degraded: [{ step: "spelling", reason: "storage_unavailable: The index is away.", fallback: "the question as it was asked" }],
    });
    expect(failing.stages).toEqual(["spelling error", "fuse ok"]);
    await expect(run([step("fuse", () => Promise.reject(away))]).found).rejects.toBe(away);
  });

  it("gives up a step at its deadline, and takes nothing that it finds later", async () => {
    const late = Promise.withResolvers<void>();
    const given = optional(async () => {
      await late.promise;
      return { query: "late" };
    });
    const clock = createFakeClock(0);
    const ran = run([given, step("fuse", async () => (late.resolve(), {}))], clock);
    clock.advance(100);
    expect(await ran.found).toMatchObject({
      query: "boiler",
      degraded: [{ reason: "timeout: The correction of the spelling took longer than 100 ms; try again." }],
    });
    expect(ran.timings["spelling"]).toBe(100);
  });

  it("runs legs at once, and says which of them is missing", async () => {
    const started: string[] = [];
    const both = Promise.withResolvers<void>();
    const begins = (name: string) => {
      started.push(name);
      if (started.length === 2) both.resolve();
    };
    const dense = leg("dense", [
      step("embed-query", async () => (begins("dense"), await both.promise, { vectors: [new Float32Array(1)] })),
      step("dense", async ({ vectors }) => ({ dense: vectors.map(() => results) })),
    ]);
    const lexical = leg("lexical", [step("lexical", async () => (begins("lexical"), await both.promise, Promise.reject(away)))]);
    const context = await run([[dense, lexical]]).found;
    expect(context).toMatchObject({ dense: [results], lexical: null, degraded: [{ step: "lexical", fallback: "the other's results" }] });
  });

  it("takes nothing of a leg that was given up between its steps", async () => {
    const clock = createFakeClock(0);
    const half = leg("dense", [step("embed-query", async () => ({ query: "half" })), step("dense", never)]);
    const whole = leg("lexical", [step("lexical", async () => ({ lexical: [results] }))]);
    const ran = run([[half, whole]], clock);
    // Everything that waits for no clock is done after a turn of the event loop.
    await new Promise(setImmediate);
    clock.advance(100);
    expect(await ran.found).toMatchObject({ query: "boiler", dense: null, lexical: [results], degraded: [{ step: "dense" }] });
  });

  it("fails with the first leg's error when no leg found anything, and not when none had anything to do", async () => {
    const other = new FootnoteError("internal", "Broken.");
    const broken = [
      leg("dense", [step("dense", () => Promise.reject(away))]),
      leg("lexical", [step("lexical", () => Promise.reject(other))]),
    ];
    await expect(run([broken]).found).rejects.toBe(away);
    const idle = broken.map((each) => ({ ...each, applies: () => false }));
    expect(await run([idle]).found).toMatchObject({ dense: null, lexical: null, degraded: [] });
  });

  it("is cancelled by its caller, optional step or not", async () => {
    for (const steps of [[optional(never)], [[leg("dense", [step("dense", never)])]]]) {
      const controller = new AbortController();
      const { found } = run(steps, createFakeClock(0), controller.signal);
      controller.abort();
      await expect(found).rejects.toMatchObject({ code: "cancelled" });
    }
  });
});
