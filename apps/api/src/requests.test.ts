import { isId, type JobId } from "@footnote/core";
import { createClient, FootnoteApiError } from "@footnote/sdk";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ingestText, type ServedTestApi, serveTestApi, type TestTenant } from "./testing/served-api.ts";

let served: ServedTestApi;
let tenant: TestTenant;
const document = "/v1/collections/manual/documents";
const markdown = { "content-type": "text/markdown" };

beforeAll(async () => {
  served = await serveTestApi();
  tenant = await served.tenant();
  await tenant.call("PUT", "/v1/collections/manual", { json: {} });
});
afterAll(() => served.close());
function idOf(value: string): JobId {
  if (isId("job", value)) return value;
  throw new Error("This is no job's id.");
}
const client = (key = tenant.key) => createClient({ url: served.url, key, retries: 0 });

test("the reference is valid OpenAPI 3.1 and names every route with its errors", async () => {
  const { json } = await served.call("GET", "/openapi.json");
  expect(json.openapi).toBe("3.1.0");
  const validated = await new Validator().validate(structuredClone(json));
  expect(validated).toMatchObject({ valid: true });
  for (const { method, path } of served.api.routes) expect(json.paths[path]).toHaveProperty(method.toLowerCase());
  expect(json.paths["/v1/answers"].post.requestBody.content["application/json"].schema.$ref).toBe("#/components/schemas/AnswerRequest");
  expect(json.components.schemas.AnswerRequest.additionalProperties).toBe(false);
  expect(json.paths["/v1/search"].post.security).toEqual([{ tenantKey: [] }]);
});

test("the reference's page loads everything from this server under a policy without inline scripts", async () => {
  const page = await served.call("GET", "/docs");
  expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
  const sources = [...page.text.matchAll(/(?:src|href)="((?!data:)[^"]+)"/g)].map(([, source = ""]) => source);
  expect(sources.length).toBe(3);
  // Without one in the page a browser asks for /favicon.ico, and reports the 404.
  expect(page.text).toContain('rel="icon" href="data:');
  for (const source of sources) expect((await served.call("GET", source)).status).toBe(200);
  expect((await served.call("GET", "/")).text).toContain("/v1/answers");
});

test("health, readiness and metrics need no key and differ", async () => {
  expect((await served.call("GET", "/healthz")).json).toEqual({ status: "alive" });
  const ready = await served.call("GET", "/readyz");
  expect(ready).toMatchObject({
    status: 200,
    json: { status: "ready", dependencies: { database: { status: "ok" }, embedder: { status: "ok" }, queue: { status: "ok" } } },
  });
  const metrics = await served.call("GET", "/metrics");
  expect(metrics.text).toContain('route="/readyz"');
  expect(metrics.text).not.toContain(tenant.tenantId);
});

test("unknown addresses are 404 and other methods 405 with Allow", async () => {
  expect(await served.call("GET", "/v1/no-such-route")).toMatchObject({ status: 404, json: { code: "not_found" } });
  const reply = await tenant.call("POST", "/v1/documents/doc_x", { json: {} });
  expect(reply).toMatchObject({ status: 405, json: { code: "method_not_allowed" } });
  expect(reply.headers.get("allow")).toBe("GET, DELETE");
});

test("a well-formed request id is kept, another replaced", async () => {
  expect((await served.call("GET", "/healthz", { headers: { "x-request-id": "abc-12345678" } })).headers.get("x-request-id")).toBe(
    "abc-12345678",
  );
  expect((await served.call("GET", "/healthz", { headers: { "x-request-id": "bad id <script>" } })).headers.get("x-request-id")).toMatch(
    /^[0-9a-f-]{36}$/,
  );
});

test("uploads that cannot be taken are refused with a code, and nothing is stored", async () => {
  const put = (externalId: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = markdown) =>
    tenant.call("PUT", `${document}/${externalId}`, { body, headers });
  expect(await put("empty", "")).toMatchObject({ status: 422, json: { code: "empty_file" } });
  expect(
    await put("elf", Buffer.from("\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0binary\0\x01\x02\x03", "latin1"), {
      "content-type": "application/x-executable",
    }),
  ).toMatchObject({
    status: 415,
    json: { code: "unsupported_media_type" },
  });
  expect(await put("large", "x".repeat(200_001))).toMatchObject({ status: 413, json: { code: "payload_too_large" } });
  expect(await put("url", '{"url":"https://example.com/"}', { "content-type": "application/json" })).toMatchObject({
    status: 501,
    json: { code: "url_ingestion_disabled" },
  });
  expect(await put("x".repeat(513), "text")).toMatchObject({ status: 400 });
  expect(await put("a%00b", "text")).toMatchObject({ status: 400 });
  expect(await put("a%0ab", "text")).toMatchObject({ status: 400 });
  for (const headers of [
    { "footnote-metadata": "{broken" },
    { "footnote-metadata": '{"deep":{"er":1}}' },
    {
      "footnote-metadata": JSON.stringify({ long: ["x".repeat(900), "y".repeat(900), "z".repeat(900), "u".repeat(900), "v".repeat(900)] }),
    },
    { "footnote-access": '"board"' },
    { "footnote-access": '["\\u0000"]' },
    { "footnote-title": "%00" },
  ]) {
    expect(await put("bad-header", "text", { ...markdown, ...headers })).toMatchObject({ status: 400, json: { code: "invalid_request" } });
  }
  expect((await tenant.call("PUT", "/v1/collections/none/documents/x", { body: "text", headers: markdown })).status).toBe(404);
  expect((await tenant.call("GET", document)).json.data).toEqual([]);
});

test("a body without a declared length is cut off at the limit", async () => {
  let sent = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 10_000;
      controller.enqueue(new Uint8Array(10_000).fill(97));
      if (sent > 20_000_000) controller.close();
    },
  });
  const response = await fetch(`${served.url}${document}/endless`, {
    method: "PUT",
    headers: { authorization: `Bearer ${tenant.key}`, "content-type": "text/plain" },
    body: endless,
    duplex: "half",
  }).catch(() => null);
  expect(response === null || response.status === 413).toBe(true);
  expect(sent).toBeLessThan(20_000_000);
});

test("a name with dots and slashes is just a name; title, metadata and access come from headers in UTF-8", async () => {
  const reply = await client().documents.put({
    collection: "manual",
    externalId: "../../etc/passwd",
    content: "# Größe\n\nText",
    mediaType: "text/markdown",
    title: "Größe 😀 100%",
    metadata: { stadt: "Köln" },
    access: ["équipe"],
  });
  expect(reply.document).toMatchObject({
    externalId: "../../etc/passwd",
    title: "Größe 😀 100%",
    metadata: { stadt: "Köln" },
    access: ["équipe"],
  });
  const raw = await tenant.call("PUT", `${document}/plain`, { body: "text", headers: { ...markdown, "footnote-title": "100% wool" } });
  expect(raw.json.document.title).toBe("100% wool");
  await served.work(tenant.tenantId);
});

test("many files come in one form; one that cannot be taken does not keep the others out", async () => {
  const other = await served.tenant();
  await other.call("PUT", "/v1/collections/manual", { json: {} });
  const reply = await client(other.key).documents.upload({
    collection: "manual",
    files: [
      { name: "a.md", content: new Blob(["# A\n\nOne."]) },
      { name: "b.md", content: new Blob([]) },
    ],
    metadata: { year: 2026 },
  });
  expect(reply.data.map(({ document: { externalId, metadata } }) => ({ externalId, metadata }))).toEqual([
    { externalId: "a.md", metadata: { year: 2026 } },
  ]);
  expect(reply.rejected).toMatchObject([{ fileName: "b.md", code: "empty_file" }]);
  const form = new FormData();
  form.append("stranger", "x");
  expect(await other.call("POST", document, { body: form })).toMatchObject({ status: 400 });
  expect(await other.call("POST", document, { body: "x", headers: { "content-type": "multipart/form-data; boundary=z" } })).toMatchObject({
    status: 400,
  });
  expect(await other.call("POST", document, { json: {} })).toMatchObject({ status: 415 });
});

test("a document is read, searched, asked about and deleted with a receipt", async () => {
  const own = await served.tenant();
  const api = client(own.key);
  await api.collections.put("manual", { description: "Machines" });
  expect(await api.collections.put("manual", { pipeline: "hybrid-rrf-rerank" })).toMatchObject({
    description: "Machines",
    pipeline: "hybrid-rrf-rerank",
  });
  await api.collections.put("manual", { pipeline: "default" });
  const text = "# Falcon\n\nThe boiler is guaranteed for seven years.\n";
  const { documentId, jobId } = await ingestText(served, own, "falcon", text);
  expect(await api.jobs.wait(jobId)).toMatchObject({ state: "succeeded", documentId });
  expect(await api.documents.text(documentId)).toBe(text);
  expect(await (await api.documents.content(documentId)).text()).toBe(text);
  const { data: chunks } = await api.documents.chunks(documentId, { limit: 1 });
  expect(chunks).toMatchObject([{ ordinal: 0, text: "# Falcon" }]);
  expect((await api.search({ query: "boiler guaranteed years", collection: "manual", limit: 3 })).hits[0]?.chunk).toMatchObject({
    documentId,
    title: "Falcon",
  });

  const question = { question: "How long is the boiler guaranteed?", collection: "manual" };
  const events = await Array.fromAsync(api.answers.stream(question));
  expect(events[0]?.type).toBe("answer-start");
  expect(events.at(-1)?.type).toBe("answer-end");
  const start = events.find((event) => event.type === "answer-start");
  const stored = await api.answers.get(start?.answerId ?? "");
  expect(stored.text).toBe(events.map((event) => (event.type === "text-delta" ? event.text : "")).join(""));
  const answer = await api.answers.create({ ...question, conversationId: stored.conversationId });
  expect(answer.conversationId).toBe(stored.conversationId);
  await api.answers.feedback(answer.id, { rating: "down", comment: "No." });
  expect((await api.conversations.get(answer.conversationId)).turns).toHaveLength(2);
  expect((await api.usage()).data.map(({ stage }) => stage)).toEqual(expect.arrayContaining(["embed", "generate"]));
  expect((await api.audit.list()).data.length).toBeGreaterThan(0);
  await api.conversations.delete(answer.conversationId);
  await expect(api.conversations.get(answer.conversationId)).rejects.toMatchObject({ status: 404 });

  const job = await api.documents.delete(documentId);
  await expect(api.documents.get(documentId)).rejects.toBeInstanceOf(FootnoteApiError);
  await served.work(own.tenantId);
  expect((await api.jobs.get(job.id)).result).toMatchObject({ documents: expect.any(Number) });
});

test("pipelines that are unknown, models and conversations that do not fit are refused", async () => {
  const search = { query: "x", collection: "manual", limit: 3 };
  expect(await tenant.call("POST", "/v1/search", { json: { ...search, pipeline: "no-such" } })).toMatchObject({
    status: 422,
    json: { code: "pipeline_unknown", detail: "There is no pipeline of this name; known are default, hybrid-rrf-rerank." },
  });
  expect(await tenant.call("POST", "/v1/search", { json: { ...search, collection: "none" } })).toMatchObject({ status: 404 });
  expect(await tenant.call("PUT", "/v1/collections/Bad%20Name", { json: {} })).toMatchObject({
    status: 400,
    json: { detail: expect.stringMatching(/^The collection's name is not valid: must be 1[^:]+\.$/u) },
  });
  expect(
    await tenant.call("POST", "/v1/answers", { json: { question: "x", collection: "manual", conversationId: "nonsense" } }),
  ).toMatchObject({ status: 404 });
  expect((await tenant.call("GET", "/v1/pipelines")).json.data.map(({ name }: { name: string }) => name)).toEqual([
    "default",
    "hybrid-rrf-rerank",
  ]);
});

test("a key that is limited to collections sees no other, and makes no wider key", async () => {
  const own = await served.tenant();
  const a = (await own.call("PUT", "/v1/collections/a", { json: {} })).json;
  await own.call("PUT", "/v1/collections/b", { json: {} });
  const key = await own.keyWith(["read", "ask", "ingest", "admin"], [a.id]);
  const call = (method: string, path: string, json?: unknown) =>
    served.call(method, path, { key, ...(json === undefined ? {} : { json }) });
  expect((await call("GET", "/v1/collections")).json.data).toHaveLength(1);
  expect((await call("GET", "/v1/collections/b")).status).toBe(404);
  expect((await call("PUT", "/v1/collections/b", {})).status).toBe(404);
  expect((await call("PUT", "/v1/collections/c", {})).status).toBe(403);
  expect((await call("GET", "/v1/jobs")).status).toBe(400);
  expect((await call("GET", "/v1/jobs?collection=a")).status).toBe(200);
  expect((await call("POST", "/v1/keys", { scopes: ["read"], collections: ["b"] })).status).toBe(404);
  expect((await call("POST", "/v1/keys", { scopes: ["read"] })).json.collections).toEqual([a.id]);
});

test("an Idempotency-Key makes one thing once, never shows a secret twice, and answers the same answer", async () => {
  const headers = { "idempotency-key": "one-1" };
  const json = { scopes: ["read"] };
  const first = await tenant.call("POST", "/v1/keys", { json, headers });
  expect(first.json.key).toMatch(/^fn_live_/);
  const again = await tenant.call("POST", "/v1/keys", { json, headers });
  expect(again).toMatchObject({ status: 201, json: { id: first.json.id, key: null } });
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(await tenant.call("POST", "/v1/keys", { json: { scopes: ["ask"] }, headers })).toMatchObject({
    status: 422,
    json: { code: "idempotency_mismatch" },
  });
  expect(await tenant.call("POST", "/v1/keys", { json, headers: { "idempotency-key": "ü" } })).toMatchObject({ status: 400 });
  const question = { question: "How wide is it?", collection: "manual" };
  const asked = await tenant.call("POST", "/v1/answers", { json: question, headers: { "idempotency-key": "ask-1" } });
  expect((await tenant.call("POST", "/v1/answers", { json: question, headers: { "idempotency-key": "ask-1" } })).json).toEqual(asked.json);
  const streamed = { ...question, stream: true };
  const one = await tenant.call("POST", "/v1/answers", { json: streamed, headers: { "idempotency-key": "ask-2" } });
  const two = await tenant.call("POST", "/v1/answers", { json: streamed, headers: { "idempotency-key": "ask-2" } });
  expect(/"answerId":"(ans_\w+)"/.exec(two.text)?.[1]).toBe(/"answerId":"(ans_\w+)"/.exec(one.text)?.[1]);
  // A request that failed is not kept: it can be made right under the same key.
  expect(
    (await tenant.call("POST", "/v1/keys", { json: { scopes: ["read"], collections: ["none"] }, headers: { "idempotency-key": "two-2" } }))
      .status,
  ).toBe(404);
  expect((await tenant.call("POST", "/v1/keys", { json, headers: { "idempotency-key": "two-2" } })).status).toBe(201);
  const form = () => {
    const made = new FormData();
    made.append("file", new Blob(["# X\n\nText."]), "idem.md");
    return made;
  };
  const uploaded = await tenant.call("POST", document, { body: form(), headers: { "idempotency-key": "up-1" } });
  expect((await tenant.call("POST", document, { body: form(), headers: { "idempotency-key": "up-1" } })).json).toEqual(uploaded.json);
});

test("an operator makes tenants and their keys, limited to collections and in time", async () => {
  const api = client(served.operatorKey);
  const made = await api.admin.tenants.create({ name: "  Example Ltd " });
  expect(made.name).toBe("Example Ltd");
  expect((await api.admin.tenants.list({ limit: 100 })).data.map(({ id }) => id)).toContain(made.id);
  const { key } = await api.admin.tenants.createKey(made.id, { scopes: ["read", "ingest"] });
  const { id } = await client(key ?? "").collections.put("manual");
  const limited = await api.admin.tenants.createKey(made.id, {
    name: "shop",
    scopes: ["read"],
    collections: ["manual"],
    expiresAt: "2099-01-01T00:00:00.000Z",
  });
  expect(limited).toMatchObject({ name: "shop", collections: [id], expiresAt: "2099-01-01T00:00:00.000Z" });
  await expect(api.admin.tenants.createKey(made.id, { scopes: ["read"], collections: ["none"] })).rejects.toMatchObject({ status: 404 });
});

test("filters and principals bound what is found", async () => {
  const own = await served.tenant();
  const api = client(own.key);
  await api.collections.put("manual");
  const put = (externalId: string, metadata: Record<string, number>, access: string[]) =>
    api.documents.put({
      collection: "manual",
      externalId,
      content: `Tariff of zone ${externalId}`,
      mediaType: "text/plain",
      metadata,
      access,
    });
  await put("one", { zone: 1 }, []);
  await put("two", { zone: 2 }, []);
  await put("three", { zone: 3 }, ["board"]);
  await served.work(own.tenantId);
  const found = async (more: object) =>
    (await api.search({ query: "tariff zone", collection: "manual", limit: 10, ...more })).hits
      .map(({ chunk }) => chunk.text.split(" ").at(-1))
      .sort();
  expect(await found({})).toEqual(["one", "two"]);
  expect(await found({ principals: ["board"] })).toEqual(["one", "three", "two"]);
  expect(await found({ filter: { zone: { in: [2, 3] } }, principals: ["board"] })).toEqual(["three", "two"]);
  expect(await found({ filter: { zone: 1 } })).toEqual(["one"]);
});

test("a revoked key is refused at once; an expired one, too", async () => {
  const made = (await tenant.call("POST", "/v1/keys", { json: { scopes: ["read"] } })).json;
  expect((await served.call("GET", "/v1/collections", { key: made.key })).status).toBe(200);
  expect((await tenant.call("DELETE", `/v1/keys/${made.id}`)).json.revokedAt).not.toBeNull();
  expect((await served.call("GET", "/v1/collections", { key: made.key })).status).toBe(401);
  expect(await tenant.call("POST", "/v1/keys", { json: { scopes: ["read"], expiresAt: "2020-01-01T00:00:00.000Z" } })).toMatchObject({
    status: 400,
  });
});

test("jobs are listed, cancelled, watched and retried", async () => {
  const own = await served.tenant();
  const api = client(own.key);
  await api.collections.put("manual");
  const { job } = await api.documents.put({ collection: "manual", externalId: "x", content: "text", mediaType: "text/plain" });
  const seen: string[] = [];
  const waiting = api.jobs.wait(job.id, { onUpdate: ({ state }) => seen.push(state) });
  expect(await api.jobs.cancel(job.id)).toMatchObject({ state: "cancelled" });
  served.events.publish({ jobId: idOf(job.id), state: "cancelled", stage: "done", progress: 0 });
  expect(await waiting).toMatchObject({ state: "cancelled" });
  expect((await api.jobs.list({ state: "cancelled", collection: "manual" })).data).toHaveLength(1);
  expect(await api.jobs.retry(job.id)).toMatchObject({ state: "queued" });
  await expect(api.jobs.retry(job.id)).rejects.toMatchObject({ status: 409 });
  expect((await api.jobs.list({ document: job.documentId ?? "" })).data).toMatchObject([{ id: job.id }]);
});

test("nothing that was asked or put is in the log", () => {
  const log = served.logged.join("");
  expect(log).toContain('"route":"/v1/answers"');
  for (const secret of ["boiler", "seven years", "passwd", tenant.key, served.operatorKey]) expect(log).not.toContain(secret);
});

test("draining turns unready, refuses work and ends open streams with an event", async () => {
  const own = await serveTestApi();
  try {
    const someone = await own.tenant();
    await someone.call("PUT", "/v1/collections/manual", { json: {} });
    const put = await someone.call("PUT", `${document}/x`, { body: "text", headers: markdown });
    const watched = fetch(`${own.url}/v1/jobs/${put.json.job.id}/events`, { headers: { authorization: `Bearer ${someone.key}` } });
    const stream = await watched;
    const drained = own.api.drain({ graceMs: 200 });
    expect(await own.call("GET", "/readyz")).toMatchObject({ status: 503, json: { status: "draining" } });
    expect((await own.call("GET", "/healthz")).status).toBe(200);
    expect(await someone.call("GET", "/v1/collections")).toMatchObject({ status: 503, json: { code: "shutting_down" } });
    expect(await stream.text()).toMatch(/event: error\ndata: .*shutting_down/);
    await drained;
  } finally {
    await own.close();
  }
});
