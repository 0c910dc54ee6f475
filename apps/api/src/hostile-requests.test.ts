import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createBodyBudget } from "./body-budget.ts";
import { type ServedTestApi, serveTestApi, type TestTenant } from "./testing/served-api.ts";

let served: ServedTestApi;
let tenant: TestTenant;
const documents = "/v1/collections/manual/documents";

beforeAll(async () => {
  served = await serveTestApi();
  tenant = await served.tenant();
  await tenant.call("PUT", "/v1/collections/manual", { json: {} });
});
afterAll(() => served.close());

test("a NUL in a path is an unknown name, not a failure of the database", async () => {
  for (const path of ["/v1/collections/%00", "/v1/collections/manual%00", "/v1/collections/%00/documents"]) {
    expect(await tenant.call("GET", path)).toMatchObject({ status: 404, json: { code: "not_found" } });
  }
  expect(await tenant.call("PUT", "/v1/collections/%00", { json: {} })).toMatchObject({ status: 400, json: { code: "invalid_request" } });
  expect(await tenant.call("PUT", `${documents}/a%00b`, { body: "text" })).toMatchObject({
    status: 400,
    json: { code: "invalid_request" },
  });
});

test("query parameters that every object has are unknown, not doubled", async () => {
  for (const name of ["toString", "constructor", "__proto__"]) {
    const reply = await tenant.call("GET", `/v1/jobs?${name}=1`);
    expect(reply).toMatchObject({ status: 400, json: { detail: expect.stringContaining(`unknown field: ${name}`) } });
  }
});

test("a filter or metadata on __proto__ is refused instead of forgotten", async () => {
  const search = '{"query":"a","collection":"manual","filter":{"__proto__":{"eq":"x"}}}';
  const headers = { "content-type": "application/json" };
  expect(await tenant.call("POST", "/v1/search", { body: search, headers })).toMatchObject({
    status: 400,
    json: { code: "invalid_request" },
  });
  expect(
    await tenant.call("PUT", `${documents}/proto`, { body: "text", headers: { "footnote-metadata": '{"__proto__":"x"}' } }),
  ).toMatchObject({ status: 400, json: { code: "invalid_request" } });
});

test("a document in JSON may hold what a request may not", async () => {
  const body = `{"__proto__":"x","text":"lone \\ud800 and \\u0000","deep":${"[".repeat(100)}${"]".repeat(100)}}`;
  const put = await tenant.call("PUT", `${documents}/data.json`, { body, headers: { "content-type": "application/json" } });
  expect(put).toMatchObject({ status: 202, json: { document: { mediaType: "application/json" } } });
});

test("C1 control characters are in no name and no title", async () => {
  expect((await tenant.call("PUT", `${documents}/a%C2%9B31m`, { body: "text" })).status).toBe(400);
  const titled = await tenant.call("PUT", `${documents}/titled`, { body: "text", headers: { "footnote-title": "a%C2%9B31m" } });
  expect(titled).toMatchObject({ status: 400, json: { code: "invalid_request" } });
});

test("usage before there was any is a wrong range, not a failure of the database", async () => {
  for (const range of ["from=0000-01-01T00:00:00Z", "to=0001-01-01T00:00:00Z", "to=0000-12-31T00:00:00Z"]) {
    expect(await tenant.call("GET", `/v1/usage?${range}`)).toMatchObject({ status: 400, json: { code: "invalid_request" } });
  }
  expect((await tenant.call("GET", "/v1/usage?from=2000-01-01T00:00:00Z")).status).toBe(200);
});

test("an administrator's key that is limited to collections neither sees nor revokes the tenant's keys, nor reads its audit", async () => {
  const { id } = (await tenant.call("GET", "/v1/collections/manual")).json;
  const limited = await tenant.keyWith(["admin"], [id]);
  const other = (await tenant.call("POST", "/v1/keys", { json: { scopes: ["read"] } })).json;
  for (const [method, path] of [
    ["GET", "/v1/keys"],
    ["GET", "/v1/audit"],
    ["DELETE", `/v1/keys/${other.id}`],
  ] as const) {
    expect(await served.call(method, path, { key: limited })).toMatchObject({ status: 403, json: { code: "forbidden" } });
  }
  expect((await served.call("GET", "/v1/collections", { key: other.key })).status).toBe(200);
});

test("a form of very many parts is refused before it is taken apart; 100 files still pass the count", async () => {
  const form = (count: number, name: string) =>
    `${Array.from({ length: count }, (_, i) => `--XX\r\ncontent-disposition: form-data; name="${name}"; filename="${i}.txt"\r\n\r\nhello ${i}\r\n`).join("")}--XX--\r\n`;
  const post = (body: string) => tenant.call("POST", documents, { body, headers: { "content-type": "multipart/form-data; boundary=XX" } });
  expect(await post(form(2_000, "file"))).toMatchObject({ status: 400, json: { detail: expect.stringContaining("too many parts") } });
  const taken = await post(form(100, "file"));
  expect({ status: taken.status, count: taken.json.data?.length }).toEqual({ status: 202, count: 100 });
});

test("bodies in memory are bounded over all requests and per owner, and room comes back", () => {
  const budget = createBodyBudget({ maxBytes: 100 });
  const overloaded = expect.objectContaining({ code: "overloaded" });
  const first = budget.open("a");
  const second = budget.open("a");
  first.take(30);
  expect(() => second.take(21)).toThrow(overloaded);
  second.take(20);
  const other = budget.open("b");
  other.take(50);
  expect(() => budget.open("c").take(1)).toThrow(overloaded);
  first.close();
  first.close();
  budget.open("c").take(30);
  expect(() => budget.open("a").take(1)).toThrow(overloaded);
  other.close();
  expect(() => second.take(30)).not.toThrow();
  expect(() => second.take(1)).toThrow(overloaded);
});

test("uploads that hang hold a bounded amount of memory, and their tenant uploads again when they are gone", async () => {
  // Four bodies of at least 1 MB in all, half of that for one tenant: twelve of 190 kB do not fit.
  const body = Buffer.alloc(190_000, "a");
  const { hostname, port } = new URL(served.url);
  const replies: string[] = [];
  const sockets = Array.from({ length: 14 }, (_, i) => {
    const socket = connect(Number(port), hostname);
    socket.on("data", (data) => replies.push(data.toString("latin1").slice(0, 12)));
    socket.on("error", () => undefined);
    socket.write(
      `PUT ${documents}/slow-${i} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${tenant.key}\r\ncontent-length: ${body.length + 1}\r\n\r\n`,
    );
    socket.write(body);
    return socket;
  });
  await expect.poll(() => replies.filter((reply) => reply === "HTTP/1.1 503").length).toBeGreaterThanOrEqual(3);
  expect(new Set(replies)).toEqual(new Set(["HTTP/1.1 503"]));
  const bystander = await served.tenant();
  expect((await bystander.call("PUT", "/v1/collections/manual", { json: {} })).status).toBe(201);
  for (const socket of sockets) socket.destroy();
  await expect.poll(async () => (await tenant.call("PUT", `${documents}/after`, { body })).status).toBe(202);
});
