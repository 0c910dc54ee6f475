import { idPrefixes, newId } from "@footnote/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RouteInfo } from "./route.ts";
import { ingestText, type ServedTestApi, serveTestApi, type TestTenant } from "./testing/served-api.ts";

let served: ServedTestApi;
let owner: TestTenant;
let stranger: TestTenant;
/** Real ids of the owner, and ids of the same kind that do not exist, by the path segment before the parameter. */
let existing: Record<string, string>;
const unknown: Record<string, () => string> = {
  collections: () => newId("collection"),
  documents: () => newId("document"),
  jobs: () => newId("job"),
  answers: () => newId("answer"),
  conversations: () => newId("conversation"),
  keys: () => newId("key"),
  tenants: () => newId("tenant"),
  datasets: () => "unknown",
  runs: () => newId("run"),
};
/** A valid body for routes that check theirs before they look up what the path names. */
const bodies: Record<string, unknown> = {
  "POST /v1/answers/{id}/feedback": { rating: "up" },
  "POST /v1/admin/tenants/{id}/keys": { scopes: ["read"] },
  "PUT /v1/collections/{collection}": {},
  "POST /v1/evals/runs": { dataset: "questions" },
};

beforeAll(async () => {
  served = await serveTestApi();
  owner = await served.tenant();
  stranger = await served.tenant();
  const collection = await owner.call("PUT", "/v1/collections/manual", { json: {} });
  const { documentId, jobId } = await ingestText(served, owner, "falcon", "# Falcon\n\nThe boiler is guaranteed for seven years.\n");
  const answer = await owner.call("POST", "/v1/answers", {
    json: { question: "How long is the boiler guaranteed?", collection: "manual" },
  });
  await owner.call("PUT", "/v1/collections/manual/datasets/questions", {
    body: '{"id":"a","question":"How long?","answerable":true,"tags":[],"spans":[{"document":"falcon","quote":"seven years"}]}',
    headers: { "content-type": "application/x-ndjson" },
  });
  const evaluation = await owner.call("POST", "/v1/evals/runs", { json: { dataset: "questions" } });
  const key = await owner.call("POST", "/v1/keys", { json: { scopes: ["read"] } });
  existing = {
    collections: collection.json.id,
    documents: documentId,
    jobs: jobId,
    answers: answer.json.id,
    conversations: answer.json.conversationId,
    keys: key.json.id,
    tenants: owner.tenantId,
    datasets: "questions",
    runs: evaluation.json.run.id,
  };
});
afterAll(() => served.close());

/** The path with each parameter from `ids`, by the segment before it; throws for a kind this test has no id of. */
function fill(path: string, idFor: (segment: string) => string): string {
  const segments = path.split("/");
  return segments
    .map((segment, i) => (segment === "{externalId}" ? "falcon" : segment.startsWith("{") ? idFor(segments[i - 1] ?? "") : segment))
    .join("/");
}
function send(route: RouteInfo, path: string, key: string | null) {
  const body = bodies[`${route.method} ${route.path}`];
  if (body !== undefined) return served.call(route.method, path, { key, json: body });
  if (route.definition.rawBody) return served.call(route.method, path, { key, body: "text", headers: { "content-type": "text/plain" } });
  return served.call(route.method, path, { key, ...(route.definition.body ? { json: {} } : {}) });
}
function expectProblem(reply: { status: number; headers: Headers; json: Record<string, unknown> }, status: number) {
  expect({ said: reply.json["detail"], status: reply.status }).toEqual({ said: reply.json["detail"], status });
  expect(reply.headers.get("content-type")).toBe("application/problem+json");
  expect(reply.json).toMatchObject({ status, requestId: reply.headers.get("x-request-id") });
  for (const field of ["type", "title", "code", "detail"]) expect(reply.json[field]).toEqual(expect.any(String));
}
const routes = () => served.api.routes;
const first = (segment: string) => {
  const id = existing[segment];
  if (id === undefined) throw new Error(`This test has no id for /${segment}/{…}: make one in beforeAll.`);
  return id;
};

describe("every route of the app", () => {
  test("is in the list that these tests walk over", () => {
    const listed = new Set(routes().map(({ method, path }) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`));
    const pages = new Set(["/", "/docs", "/docs/start.js", "/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js", "/openapi.json"]);
    for (const { method, path } of served.api.app.routes) {
      if (method === "ALL" || pages.has(path)) continue;
      expect(listed).toContain(`${method} ${path}`);
    }
    expect(listed.size).toBeGreaterThan(30);
  });

  test("under /v1 answers 401 without a key, and with one that never existed", async () => {
    expect.hasAssertions();
    for (const route of routes().filter(({ path }) => path.startsWith("/v1/"))) {
      expect(route).not.toMatchObject({ scope: null });
      const path = fill(route.path, first);
      expectProblem(await send(route, path, null), 401);
      expectProblem(await send(route, path, `${owner.key.slice(0, -1)}${owner.key.endsWith("a") ? "b" : "a"}`), 401);
    }
  });

  test("answers 403 to a key without its scope, and to the other kind of key", async () => {
    expect.hasAssertions();
    for (const route of routes()) {
      if (route.scope === null) continue;
      const path = fill(route.path, first);
      const others = (["read", "ask", "ingest", "admin"] as const).filter((scope) => scope !== route.scope);
      expectProblem(await send(route, path, await owner.keyWith(others)), 403);
      if (route.scope !== "operator") expectProblem(await send(route, path, served.operatorKey), 403);
    }
  });

  test("with an id answers another tenant, and unknown and malformed ids, with the same 404", async () => {
    expect.hasAssertions();
    for (const route of routes().filter(({ path, scope }) => path.includes("{") && scope !== "operator")) {
      const said = [];
      const namesItself = route.path === "/v1/collections/{collection}" && route.method === "PUT";
      for (const id of [
        first,
        (segment: string) => unknown[segment]?.() ?? "",
        (segment: string) => (segment === "collections" && namesItself ? newId("collection") : "not-an-id"),
      ]) {
        const reply = await send(route, fill(route.path, id), stranger.key);
        expectProblem(reply, 404);
        const { requestId: _requestId, ...rest } = reply.json;
        said.push(rest);
      }
      expect({ ...route, said: said[1] }).toEqual({ ...route, said: said[0] });
      expect({ ...route, said: said[2] }).toEqual({ ...route, said: said[0] });
    }
    // What was tried has changed nothing for its owner.
    expect((await owner.call("GET", `/v1/documents/${existing["documents"]}`)).status).toBe(200);
    expect((await owner.call("GET", `/v1/conversations/${existing["conversations"]}`)).status).toBe(200);
  });

  test("of the operator with an unknown id answers 404", async () => {
    expect.hasAssertions();
    for (const route of routes().filter(({ path, scope }) => path.includes("{") && scope === "operator")) {
      expectProblem(
        await send(
          route,
          fill(route.path, (segment) => unknown[segment]?.() ?? ""),
          served.operatorKey,
        ),
        404,
      );
    }
  });

  test("with a JSON body refuses malformed JSON, unknown fields, other media types and storable nonsense", async () => {
    expect.hasAssertions();
    for (const route of routes().filter(({ definition }) => definition.body)) {
      const key = route.scope === "operator" ? served.operatorKey : owner.key;
      const path = fill(route.path, first);
      const raw = (body: string, type = "application/json") =>
        served.call(route.method, path, { key, body, headers: { "content-type": type } });
      expectProblem(await raw("{not json"), 400);
      expectProblem(await raw('{"surprise":1}'), 400);
      expectProblem(await raw("[]"), 400);
      expectProblem(await raw("{}", "text/plain"), 415);
      expectProblem(await raw('{"x":"\\u0000"}'), 400);
      expectProblem(await raw('{"x":"\\ud800"}'), 400);
      expectProblem(await raw(`${"[".repeat(50_000)}${"]".repeat(50_000)}`), 400);
      expectProblem(await raw(`"${"x".repeat(1_100_000)}"`), 413);
    }
  });

  test("with a query refuses unknown and doubled parameters, bad limits and bad cursors", async () => {
    expect.hasAssertions();
    for (const route of routes().filter(({ definition, scope }) => definition.query && scope !== null)) {
      const key = route.scope === "operator" ? served.operatorKey : owner.key;
      const path = fill(route.path, first);
      expectProblem(await served.call("GET", `${path}?surprise=1`, { key }), 400);
      const reply = await served.call("GET", `${path}?limit=1`, { key });
      if (reply.status !== 200) continue;
      expect(reply.json.data.length).toBeLessThanOrEqual(1);
      for (const bad of [
        "limit=0",
        "limit=101",
        "limit=x",
        "limit=1&limit=2",
        "cursor=%00garbage",
        "cursor=garbage",
        `cursor=${"x".repeat(2000)}`,
      ]) {
        expectProblem(await served.call("GET", `${path}?${bad}`, { key }), 400);
      }
      // A cursor of another list is none of this one: it would show an empty page, or skip some.
      const keys = [...Object.values(idPrefixes).map((prefix) => `${prefix}${newId("run").slice(3)}`), "7"];
      const pages = keys.map((last) => served.call("GET", `${path}?cursor=${Buffer.from(last).toString("base64url")}`, { key }));
      const statuses = (await Promise.all(pages)).map(({ status }) => status);
      expect({ path, taken: keys.filter((_key, at) => statuses[at] !== 400) }).toEqual({ path, taken: [expect.any(String)] });
    }
  });
});
