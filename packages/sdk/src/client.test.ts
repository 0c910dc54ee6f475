import { expect, test } from "vitest";
import { FootnoteApiError, isFootnoteApiError } from "./api-error.ts";
import { asciiJson, createClient } from "./client.ts";
import { type ClientOptions, retryAfterMs } from "./transport.ts";

const job = {
  id: "job_1",
  kind: "ingest",
  state: "running",
  stage: "embed",
  progress: 0.5,
  attempts: 1,
  maxAttempts: 5,
  cancelRequested: false,
  collectionId: "col_1",
  documentId: "doc_1",
  versionId: "ver_1",
  createdAt: "2026-11-21T09:00:00.000Z",
  updatedAt: "2026-11-21T09:00:00.000Z",
  finishedAt: null,
};
const tenant = { id: "ten_1", name: "t", createdAt: "2026-11-21T09:00:00.000Z" };
const problem = (status: number, code: string, headers: Record<string, string> = {}) =>
  Response.json({ type: "about:blank", title: "No", status, code, detail: "Not this time.", requestId: "r-1" }, { status, headers });

/** A client whose server gives the replies in turn, and the requests it got. */
function scripted(replies: (() => Response | Promise<Response>)[], options: Partial<ClientOptions> = {}) {
  const requests: { method: string; path: string; headers: Headers; body: string }[] = [];
  const client = createClient({
    url: "http://footnote.test",
    key: "fn_live_x",
    maxRetryDelayMs: 5,
    fetch: async (request) => {
      requests.push({
        method: request.method,
        path: request.url.slice("http://footnote.test".length),
        headers: request.headers,
        body: await request.clone().text(),
      });
      const reply = replies[Math.min(requests.length, replies.length) - 1];
      if (!reply) throw new Error("no reply");
      return reply();
    },
    ...options,
  });
  return { client, requests };
}
const stream = (text: string) => new Response(text, { headers: { "content-type": "text/event-stream" } });

test("sends the key and reads the reply; paths and queries are encoded", async () => {
  const { client, requests } = scripted([() => Response.json({ data: [job], nextCursor: null, more: 1 })]);
  expect((await client.jobs.list({ collection: "a b", limit: 2 })).data[0]?.id).toBe("job_1");
  expect(requests[0]).toMatchObject({ method: "GET", path: "/v1/jobs?collection=a+b&limit=2" });
  expect(requests[0]?.headers.get("authorization")).toBe("Bearer fn_live_x");
});

test("a problem becomes an error with its fields; a reply of another form and a proxy's page do, too", async () => {
  const error = await scripted([() => problem(404, "not_found")])
    .client.jobs.get("job_x")
    .catch((caught: unknown) => caught);
  expect(error).toMatchObject({ status: 404, code: "not_found", message: "Not this time.", requestId: "r-1", isRetryable: false });
  expect(isFootnoteApiError(error)).toBe(true);
  expect(isFootnoteApiError(new Error("x"))).toBe(false);
  await expect(scripted([() => Response.json({ id: 1 })]).client.jobs.get("j")).rejects.toMatchObject({ code: "invalid_response" });
  await expect(scripted([() => new Response("<html>", { status: 400 })]).client.jobs.get("j")).rejects.toMatchObject({
    status: 400,
    code: "unknown",
  });
});

test("repeatable calls are tried again up to the limit, and so is what was refused before any work", async () => {
  const again = scripted([
    () => problem(502, "upstream_failed"),
    () => problem(429, "rate_limited", { "retry-after": "0" }),
    () => Response.json(job),
  ]);
  expect((await again.client.jobs.get("j")).id).toBe("job_1");
  expect(again.requests).toHaveLength(3);
  const never = scripted([() => problem(503, "overloaded")], { retries: 2 });
  await expect(never.client.jobs.get("j")).rejects.toMatchObject({ status: 503 });
  expect(never.requests).toHaveLength(3);
  const unrepeatable = scripted([() => problem(502, "upstream_failed")]);
  await expect(unrepeatable.client.jobs.retry("j")).rejects.toMatchObject({ status: 502 });
  expect(unrepeatable.requests).toHaveLength(1);
});

test("what creates carries the same Idempotency-Key in every try", async () => {
  const { client, requests } = scripted([() => problem(502, "upstream_failed"), () => Response.json(tenant, { status: 201 })]);
  await client.admin.tenants.create({ name: "t" });
  const keys = requests.map(({ headers }) => headers.get("idempotency-key"));
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(keys[1]).toBe(keys[0]);
  await client.admin.tenants.create({ name: "t" }, { idempotencyKey: "mine" });
  expect(requests[2]?.headers.get("idempotency-key")).toBe("mine");
});

test("a server that is away or silent is an error with a code; an abort throws its reason", async () => {
  const away = scripted([() => Promise.reject(new TypeError("fetch failed"))], { retries: 1 });
  await expect(away.client.jobs.get("j")).rejects.toMatchObject({ status: 0, code: "connection_failed" });
  expect(away.requests).toHaveLength(2);
  const silent = createClient({
    url: "http://footnote.test",
    retries: 0,
    timeoutMs: 10,
    fetch: (request) => new Promise((_resolve, reject) => request.signal.addEventListener("abort", () => reject(request.signal.reason))),
  });
  await expect(silent.jobs.get("j")).rejects.toMatchObject({ code: "timeout" });
  const reason = new Error("enough");
  await expect(silent.jobs.get("j", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test("an answer's events are typed, unknown ones are passed over", async () => {
  const { client } = scripted([
    () =>
      stream(
        ': hi\n\nevent: answer-start\ndata: {"answerId":"ans_1","conversationId":"cnv_1","pipeline":"default","pipelineHash":"h"}\n\nevent: novelty\ndata: {}\n\n' +
          'event: text-delta\ndata: {"text":"Seven "}\n\nevent: error\ndata: {"problem":{"type":"t","title":"No","status":500,"code":"internal","requestId":"r"}}\n\n',
      ),
  ]);
  const events = await Array.fromAsync(client.answers.stream({ question: "q", collection: "c" }));
  expect(events.map(({ type }) => type)).toEqual(["answer-start", "text-delta", "error"]);
});

test("waiting for a job goes on over a dropped stream and ends with the finished job", async () => {
  const done = { ...job, state: "succeeded", progress: 1 };
  const event = (value: unknown) => `event: job\ndata: ${JSON.stringify(value)}\n\n`;
  const { client, requests } = scripted([() => stream(event(job)), () => Response.json(job), () => stream(event(done))]);
  const seen: string[] = [];
  expect(await client.jobs.wait("job_1", { onUpdate: ({ state }) => seen.push(state) })).toMatchObject({ state: "succeeded" });
  expect(seen).toEqual(["running", "succeeded"]);
  expect(requests).toHaveLength(3);
  await expect(scripted([() => problem(404, "not_found")]).client.jobs.wait("x")).rejects.toBeInstanceOf(FootnoteApiError);
});

test("Retry-After is read as seconds or as a date", () => {
  expect(retryAfterMs("2")).toBe(2_000);
  expect(retryAfterMs("Sat, 21 Nov 2026 09:00:10 GMT", Date.UTC(2026, 10, 21, 9))).toBe(10_000);
  expect(retryAfterMs("soon")).toBeNull();
  expect(retryAfterMs(null)).toBeNull();
});

test("header JSON is ASCII and means the same", () => {
  const value = { stadt: "Köln 😀" };
  expect(asciiJson(value)).toMatch(/^[\x20-\x7e]+$/);
  expect(JSON.parse(asciiJson(value))).toEqual(value);
});
