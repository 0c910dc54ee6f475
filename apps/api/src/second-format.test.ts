import { readFile } from "node:fs/promises";
import { withResilience } from "@footnote/answers";
import { createSystemClock, isId, type LanguageModel } from "@footnote/core";
import { openTestService, type TestService, type TestTenant } from "@footnote/service/testing";
import { Hono } from "hono";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { createDrain } from "./drain.ts";
import { problemResponse } from "./problem.ts";
import { createRouter, requestIdOf } from "./route.ts";
import { serveApi, type ServedApi } from "./serve.ts";
import { addChatRoute } from "./testing/chat-route.ts";

const said = "The boiler is guaranteed for seven years. [1]";
/** Says one sentence; asked to wait, nothing more until its caller leaves. */
const model: LanguageModel = {
  name: "extractive",
  capabilities: { extractive: false },
  async *generate({ question, signal }) {
    yield { type: "text-delta", text: "The boiler is guaranteed for seven years [1]. " };
    if (question.startsWith("Wait")) {
      // A sentence is released when the next one begins.
      yield { type: "text-delta", text: "It " };
      await new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve()));
    }
    yield { type: "finish", reason: "stop", promptTokens: 10, completionTokens: 10, cachedTokens: 0 };
  },
};
const prompt = "How long is the boiler guaranteed?";

let opened: TestService;
let served: ServedApi;
let tenant: TestTenant;
beforeAll(async () => {
  const resilient = withResilience(model, { clock: createSystemClock() });
  opened = await openTestService({ modelNamed: () => resilient });
  const app = new Hono();
  const { service, authenticator, store } = opened;
  const router = createRouter(app, { authenticator, idempotency: store.idempotency, drain: createDrain(), maxUploadBytes: 1_000_000 });
  addChatRoute(router, service);
  app.onError((error, c) => problemResponse(error, requestIdOf(c.req.raw)));
  served = await serveApi({ app, host: "127.0.0.1", port: 0 });
  tenant = await opened.tenant();
  await service.putCollection(tenant.actor, { collection: "manual" });
  await service.putCollection(tenant.actor, { collection: "other" });
  const bytes = Buffer.from("# Falcon\nThe boiler is guaranteed for seven years.\n");
  await service.putDocument(tenant.actor, { collection: "manual", externalId: "falcon", read: async () => ({ bytes }) });
  await opened.work(tenant.tenantId);
});
afterAll(async () => {
  await served.close();
  await opened.close();
});

const completion = z.object({ id: z.string(), choices: z.array(z.unknown()) });

interface Asking {
  key?: string | null;
  model?: string;
  content?: string;
  stream?: boolean;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}
function post({ key = tenant.key, model: collection = "manual", content = prompt, stream = false, headers = {}, signal }: Asking) {
  return fetch(`${served.url}/test/chat`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...headers },
    body: JSON.stringify({ model: collection, messages: [{ role: "user", content }], stream }),
    ...(signal ? { signal } : {}),
  });
}
const codeOf = async (asking: Asking) => {
  const reply = await post(asking);
  return [reply.status, JSON.parse(await reply.text()).code];
};
const answerOf = async (id: string) => (isId("answer", id) ? await opened.store.answers.get(tenant.tenantId, id) : null);

test("a second format answers through the same verb: whole, in chunks, stored and in the ledger", async () => {
  const whole = completion.parse(await (await post({})).json());
  expect(whole.choices).toEqual([{ index: 0, message: { role: "assistant", content: said }, finish_reason: "stop" }]);
  expect(await answerOf(whole.id)).toMatchObject({ question: prompt, citations: [{ quote: "The boiler is guaranteed for seven years." }] });
  const streamed = await (await post({ stream: true })).text();
  expect(streamed).toContain('"delta":{"content":"The boiler is guaranteed for seven years. [1]"}');
  expect(streamed).toContain('"finish_reason":"stop"');
  const { sums } = await opened.service.readUsage(tenant.actor, {});
  expect(sums.find(({ kind, stage }) => kind === "answer" && stage === "generate")).toMatchObject({ requests: 2 });
});

test("it refuses what the verb refuses: no key, no scope, another tenant's or an unknown collection, a question without end", async () => {
  expect(await codeOf({ key: null })).toEqual([401, "unauthorized"]);
  expect(await codeOf({ key: await tenant.keyWith(["read", "ingest", "admin"]) })).toEqual([403, "forbidden"]);
  expect(await codeOf({ model: "unknown" })).toEqual([404, "not_found"]);
  expect(await codeOf({ key: (await opened.tenant()).key })).toEqual([404, "not_found"]);
  const other = await opened.service.readCollection(tenant.actor, { collection: "other" });
  expect(await codeOf({ key: await tenant.keyWith(["ask"], [other.collection.id]) })).toEqual([404, "not_found"]);
  expect(await codeOf({ content: "x".repeat(4_001) })).toEqual([400, "invalid_request"]);
});

test("an Idempotency-Key gives the same answer again, whole or in chunks, and refuses another question", async () => {
  const headers = { "idempotency-key": "second-format" };
  const first = await (await post({ headers })).json();
  const again = await post({ headers });
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(await again.json()).toEqual(first);
  expect(await codeOf({ headers, content: "Another?" })).toEqual([422, "idempotency_mismatch"]);
  const streaming = { headers: { "idempotency-key": "second-format-stream" }, stream: true };
  const chunks = await (await post(streaming)).text();
  const replayed = await post(streaming);
  expect(replayed.headers.get("idempotency-replayed")).toBe("true");
  expect(await replayed.text()).toBe(chunks);
});

test("a client that leaves stops the model, and what was said is stored", async () => {
  const leave = new AbortController();
  const reply = await post({ content: `Wait: ${prompt}`, stream: true, signal: leave.signal });
  const reader = reply.body?.getReader();
  const begun = Buffer.from((await reader?.read())?.value ?? []).toString();
  const id = /"id":"(ans_\w+)"/.exec(begun)?.[1] ?? "";
  leave.abort();
  await reader?.read().catch(() => undefined);
  await expect.poll(() => answerOf(id), { timeout: 20_000 }).toMatchObject({ finishReason: "aborted", text: `${said}` });
});

test("it is one small file", async () => {
  const source = await readFile(new URL("testing/chat-route.ts", import.meta.url), "utf8");
  expect(source.split("\n").length).toBeLessThan(60);
});
