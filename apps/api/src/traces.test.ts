import { withResilience } from "@footnote/answers";
import { createOpenAiCompatibleModel } from "@footnote/answers/openai-compatible";
import type { PipelineSpec } from "@footnote/core";
import { createOpenAiServer, type OpenAiServer } from "@footnote/core/testing/openai-server";
import { createSystemClock } from "@footnote/core";
import { pipelines } from "@footnote/retrieval";
import { createClient } from "@footnote/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ingestText, type ServedTestApi, serveTestApi, type TestTenant } from "./testing/served-api.ts";

const generated: PipelineSpec = { ...pipelines.default, name: "generated", answer: { ...pipelines.default.answer, model: "test-model" } };
let upstream: OpenAiServer;
let served: ServedTestApi;
let tenant: TestTenant;
let documentId: string;

const lines = ["The boiler is guaranteed for seven years.", "The pump is guaranteed for two years.", "Descale it every 90 days."];
const ask = async (question: string, more: object = {}) =>
  (await tenant.call("POST", "/v1/answers", { json: { question, collection: "manual", pipeline: "generated", ...more } })).json;

beforeAll(async () => {
  upstream = await createOpenAiServer({ reply: () => ({ text: ["The boiler is guaranteed for ", "seven years [1]. Forged [77]."] }) });
  const model = withResilience(createOpenAiCompatibleModel({ url: upstream.url, model: "test-model" }), { clock: createSystemClock() });
  served = await serveTestApi({ pipelines: [generated], modelNamed: () => model });
  tenant = await served.tenant();
  await tenant.call("PUT", "/v1/collections/manual", { json: {} });
  documentId = (await ingestText(served, tenant, "falcon", `# Falcon\n${lines.join("\n")}\n`)).documentId;
});
afterAll(async () => {
  await served.close();
  await upstream.close();
});

test("a trace holds what every step was given and gave, and the exact request", async () => {
  const first = await ask("How long is the boiler guaranteed?");
  const answer = await ask("And the pump?", { conversationId: first.conversationId });
  const exported = await createClient({ url: served.url, key: tenant.key }).answers.trace(answer.id);
  const { trace, request, chunks, history } = exported;
  expect(exported.answer).toEqual(answer);
  expect(history).toEqual([{ question: "How long is the boiler guaranteed?", answer: first.text }]);
  const [searched] = trace.searches;
  expect(searched?.asked).toContain("boiler");
  expect(searched?.trace?.terms).toContain("pump");
  expect(searched?.trace?.legs.map(({ leg }) => leg)).toEqual(["dense", "lexical"]);
  expect(searched?.trace?.fused[0]?.score).toBeGreaterThan(0);
  expect(trace.sources.map(({ chunkId }) => chunkId)).toEqual(answer.sources.map(({ chunk }: { chunk: { id: string } }) => chunk.id));
  expect(trace.output).toMatchObject([
    { type: "text-delta", text: "The boiler is guaranteed for seven years [1]. Forged [77]." },
    { type: "finish", reason: "stop" },
  ]);
  expect(trace).toMatchObject({
    dropped: { markers: 1 },
    redacted: false,
    truncated: [],
    request: { model: "test-model", extractive: false },
  });
  expect(request).toEqual({ system: upstream.requests.at(-1)?.system, prompt: upstream.requests.at(-1)?.prompt });
  expect(chunks.map(({ text }) => text)).toEqual(expect.arrayContaining(lines));
});

test("a trace is its tenant's own, needs the scope read, and keeps to the key's collections", async () => {
  const { id } = await ask("How long is the boiler guaranteed?");
  const stranger = await served.tenant();
  expect((await stranger.call("GET", `/v1/answers/${id}/trace`)).status).toBe(404);
  expect((await tenant.call("GET", `/v1/answers/${id}/trace`, { key: await tenant.keyWith(["ask"]) })).status).toBe(403);
  const other = await tenant.call("PUT", "/v1/collections/other", { json: {} });
  expect((await tenant.call("GET", `/v1/answers/${id}/trace`, { key: await tenant.keyWith(["read"], [other.json.id]) })).status).toBe(404);
  expect((await tenant.call("GET", `/v1/answers/${id}/trace`, { key: await tenant.keyWith(["read"]) })).status).toBe(200);
});

test("nothing of an erased document stays in traces", async () => {
  const { id } = await ask("How long is the boiler guaranteed?");
  await tenant.call("DELETE", `/v1/documents/${documentId}`);
  await served.work(tenant.tenantId);
  const { json, text } = await tenant.call("GET", `/v1/answers/${id}/trace`);
  expect(json).toMatchObject({ trace: { redacted: true, output: [], sources: [] }, request: null, chunks: [] });
  expect(json.answer.question).toBe("How long is the boiler guaranteed?");
  const { question: _question, ...rest } = json.answer;
  expect(JSON.stringify({ ...json, answer: rest })).not.toMatch(/seven years|Descale|boiler/u);
  expect(text).not.toContain("seven years");
});

test("a search's reply holds no trace", async () => {
  const { json } = await tenant.call("POST", "/v1/search", { json: { query: "boiler", collection: "manual" } });
  expect(json).not.toHaveProperty("trace");
});
