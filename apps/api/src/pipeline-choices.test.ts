import { withResilience } from "@footnote/answers";
import { createSystemClock, type PipelineSpec } from "@footnote/core";
import { createScriptedModel, scriptText } from "@footnote/core/testing";
import { pipelines } from "@footnote/retrieval";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ingestText, type ServedTestApi, serveTestApi, type TestTenant } from "./testing/served-api.ts";

/** Writes, rewrites and makes passages up; what is asked of it decides what it says. */
const large = createScriptedModel({
  name: "large",
  scripts: [scriptText(["The boiler is guaranteed for seven years [1]."])],
  prices: { promptUsdPerMillion: 100, completionUsdPerMillion: 100 },
  completions: ({ prompt }) =>
    prompt.includes("Last question:")
      ? { text: JSON.stringify({ question: prompt.includes("refuse") ? "" : "How long is the boiler guaranteed?" }) }
      : { text: JSON.stringify({ texts: ["The boiler is guaranteed for years."] }) },
});
const small = createScriptedModel({ name: "small", scripts: [scriptText(["The boiler is guaranteed for seven years [1]."])] });

// Without the reranker of the default: the embedder of these tests gives no token vectors.
const base: PipelineSpec = { ...pipelines.default, reranker: { type: "none" }, answer: { ...pipelines.default.answer, model: "large" } };
const rewriting: PipelineSpec = { ...base, name: "rewriting", followUps: { type: "model", model: "large" } };
const asAsked: PipelineSpec = { ...base, name: "as-asked", followUps: { type: "none" } };
const frugal: PipelineSpec = {
  ...rewriting,
  name: "frugal",
  answer: { ...base.answer, caps: { ...base.answer.caps, modelCalls: 1 } },
};
const hyde: PipelineSpec = { ...base, name: "hyde", transform: { type: "hyde", model: "large", passages: 1 } };
const routed: PipelineSpec = {
  ...base,
  name: "routed",
  router: { type: "rules", identifiersByWords: true, unrerankedUpToWords: 0, smallUpToWords: 4, smallModel: "small" },
};

let served: ServedTestApi;
let tenant: TestTenant;
beforeAll(async () => {
  served = await serveTestApi({
    pipelines: [rewriting, frugal, asAsked, hyde, routed],
    modelNamed: (_tenant, wanted) =>
      [large, small].map((model) => withResilience(model, { clock: createSystemClock() })).find(({ name }) => name === wanted),
  });
  tenant = await served.tenant();
  await tenant.call("PUT", "/v1/collections/manual", { json: { pipeline: "rewriting" } });
  await ingestText(served, tenant, "falcon", "# Falcon\nThe boiler is guaranteed for seven years.\nParking is behind the building.\n");
});
afterAll(() => served.close());

const ask = async (question: string, pipeline: string, conversationId?: string) =>
  await tenant.call("POST", "/v1/answers", {
    json: { question, collection: "manual", pipeline, ...(conversationId ? { conversationId } : {}) },
  });
const usage = async (stage: string) =>
  (await tenant.call("GET", "/v1/usage?from=2000-01-01T00:00:00Z")).json.data.filter((row: { stage: string }) => row.stage === stage);

test("a follow-up is rewritten by the pipeline's model, charged, and completed by rules when that fails", async () => {
  const first = await ask("Where is the boiler?", "rewriting");
  // Nothing came before it: there is nothing to rewrite.
  expect(await usage("rewrite")).toEqual([]);
  const second = await ask("And how long is it guaranteed?", "rewriting", first.json.conversationId);
  expect(second.json).toMatchObject({ degraded: [], timings: { "complete-question": expect.any(Number) } });
  expect(await usage("rewrite")).toMatchObject([{ model: "large", inputTokens: 10, outputTokens: 5, requests: 1 }]);
  // The rewriting is one of the answer's calls, and its tokens and cost are the answer's.
  expect(second.json.usage).toMatchObject({ modelCalls: 2, promptTokens: 20 });
  expect(second.json.cost.total).toBeCloseTo(first.json.cost.total + 0.0015);
  expect(second.json.cost.generate).toBe(second.json.cost.total);
  const third = await ask("Please refuse it?", "rewriting", first.json.conversationId);
  expect(third.json.degraded).toContainEqual({
    step: "transform",
    reason: "model_failed",
    fallback: "words carried over from the questions before",
  });
  // What it said was of no use; it was paid for all the same.
  expect(await usage("rewrite")).toMatchObject([{ inputTokens: 20, outputTokens: 10, requests: 2 }]);
});

test("a step before the answer is left out where the caps would leave the answer no call", async () => {
  const first = await ask("Where is the boiler?", "frugal");
  const before = large.completionRequests.length;
  const second = await ask("And how long is it guaranteed?", "frugal", first.json.conversationId);
  expect(large.completionRequests).toHaveLength(before);
  expect(second.json).toMatchObject({ finishReason: "stop", usage: { modelCalls: 1 } });
  expect(second.json.degraded).toMatchObject([{ step: "transform", reason: "pipeline_incompatible" }]);
});

test("a pipeline that completes nothing searches a follow-up as it was asked", async () => {
  const first = await ask("Where is the boiler?", "as-asked");
  const before = large.completionRequests.length;
  const second = await ask("And it?", "as-asked", first.json.conversationId);
  expect(second.status).toBe(200);
  expect(large.completionRequests).toHaveLength(before);
  expect(
    (await tenant.call("POST", "/v1/search", { json: { query: "And it?", collection: "manual", pipeline: "as-asked" } })).json.degraded,
  ).toEqual([]);
});

test("a search by a made-up passage is charged, and only its hits are given away", async () => {
  const found = await tenant.call("POST", "/v1/search", { json: { query: "warranty", collection: "manual", pipeline: "hyde", limit: 1 } });
  expect(found.json.hits[0].chunk.text).toContain("guaranteed");
  expect(Object.keys(found.json).toSorted()).toEqual(["degraded", "hits", "pipeline", "timings"]);
  expect(await usage("transform")).toMatchObject([{ model: "large", inputTokens: 10, requests: 1 }]);
  // The question is one token, the passage six.
  const embedded = (await usage("embed")).find(({ kind }: { kind: string }) => kind === "search");
  expect(embedded).toMatchObject({ inputTokens: 7 + 2, requests: 2 });
});

test("a short question goes to the small model, a longer one to the pipeline's own", async () => {
  expect((await ask("How long guaranteed?", "routed")).json.usage.model).toBe("small");
  expect((await ask("For how many years is the boiler of it guaranteed?", "routed")).json.usage.model).toBe("large");
});

test("nothing of documents or questions is logged", () => {
  expect(served.logged.join("\n")).not.toMatch(/boiler|seven years/u);
});
