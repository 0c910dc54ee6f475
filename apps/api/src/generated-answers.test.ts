import { withResilience } from "@footnote/answers";
import { createOpenAiCompatibleModel } from "@footnote/answers/openai-compatible";
import type { PipelineSpec } from "@footnote/core";
import { createOpenAiServer, type OpenAiServer } from "@footnote/core/testing/openai-server";
import { createSystemClock } from "@footnote/core";
import { pipelines } from "@footnote/retrieval";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ingestText, type ServedTestApi, serveTestApi, type TestTenant } from "./testing/served-api.ts";
import { testBy } from "@footnote/storage/testing";

const generated: PipelineSpec = { ...pipelines.default, name: "generated", answer: { ...pipelines.default.answer, model: "test-model" } };
const orphaned: PipelineSpec = { ...generated, name: "orphaned", answer: { ...generated.answer, model: "gone-model" } };

let upstream: OpenAiServer;
let served: ServedTestApi;
let tenant: TestTenant;

beforeAll(async () => {
  upstream = await createOpenAiServer({
    reply: ({ prompt }) =>
      prompt.includes("boiler")
        ? {
            text: ["The boiler is guaranteed ", "for seven years [1]."],
            usage: { prompt_tokens: 1000, completion_tokens: 100, cached_tokens: 0 },
          }
        : { text: "NO_ANSWER" },
  });
  const upstreamModel = createOpenAiCompatibleModel({
    url: upstream.url,
    model: "test-model",
    prices: { promptUsdPerMillion: 3, completionUsdPerMillion: 10 },
  });
  const model = withResilience(upstreamModel, { clock: createSystemClock() });
  served = await serveTestApi({
    pipelines: [generated, orphaned],
    modelNamed: (_tenant, name) => (name === model.name ? model : undefined),
  });
  tenant = await served.tenant();
  await tenant.call("PUT", "/v1/collections/manual", { json: { pipeline: "generated" } });
  await ingestText(served, tenant, "falcon", "# Falcon\nThe boiler is guaranteed for seven years.\n");
});
afterAll(async () => {
  await served.close();
  await upstream.close();
});

test("a pipeline's model writes the answer, which is cited, checked and priced like any other", async () => {
  const { status, json } = await tenant.call("POST", "/v1/answers", {
    json: { question: "How long is the boiler guaranteed?", collection: "manual" },
  });
  expect(status).toBe(200);
  expect(json).toMatchObject({
    text: "The boiler is guaranteed for seven years. [1]",
    finishReason: "stop",
    pipeline: "generated",
    citations: [{ quote: "The boiler is guaranteed for seven years." }],
    claims: [{ support: "supported" }],
    usage: { model: "test-model", promptTokens: 1000, completionTokens: 100, modelCalls: 1 },
    cost: { generate: 0.004, total: 0.004 },
  });
  expect(upstream.requests[0]?.prompt).toContain("The boiler is guaranteed for seven years.");
});

test("a pipeline whose model this server has not is refused with what to do, and is not shipped", async () => {
  const reply = await tenant.call("POST", "/v1/answers", { json: { question: "Why?", collection: "manual", pipeline: "orphaned" } });
  expect(reply).toMatchObject({ status: 422, json: { code: "pipeline_incompatible", title: expect.any(String) } });
  expect(reply.text).toContain("gone-model");
  const names = (await tenant.call("GET", "/v1/pipelines")).json.data.map(({ name }: { name: string }) => name);
  expect(names).toEqual(["default", "hybrid-rrf-rerank", "generated", "orphaned"]);
});

test("a tenant's own pipeline goes before one that the server began to offer under its name", async () => {
  const other = await served.tenant();
  await other.call("PUT", "/v1/collections/manual", { json: {} });
  await served.store.pipelines.put(other.tenantId, { ...generated, name: "orphaned" }, testBy);
  const { json } = await other.call("POST", "/v1/answers", { json: { question: "Why?", collection: "manual", pipeline: "orphaned" } });
  expect(json).toMatchObject({ pipeline: "orphaned", usage: { model: "test-model" } });
  const listed = (await other.call("GET", "/v1/pipelines")).json.data.filter(({ name }: { name: string }) => name === "orphaned");
  expect(listed).toMatchObject([{ name: "orphaned", shipped: false }]);
});

test("nothing of documents or questions is logged", () => {
  expect(served.logged.join("\n")).not.toMatch(/boiler|seven years/u);
});
