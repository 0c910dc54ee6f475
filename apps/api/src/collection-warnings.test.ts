import { afterAll, beforeAll, expect, test } from "vitest";
import { ingestText, type ServedTestApi, serveTestApi, type TestTenant } from "./testing/served-api.ts";

let served: ServedTestApi;
let tenant: TestTenant;
beforeAll(async () => {
  served = await serveTestApi();
  tenant = await served.tenant();
  await tenant.call("PUT", "/v1/collections/manual", { json: {} });
});
afterAll(() => served.close());

const german = "# Kaffee\n\nDie Maschine wird alle 90 Tage mit Zitronensäure entkalkt, und der Kessel hat sieben Jahre Garantie.";

test("documents in a language that the embedder does not serve are told of at collection, document and search", async () => {
  const before = await tenant.call("GET", "/v1/collections/manual");
  expect(before.json).not.toHaveProperty("warnings");
  await ingestText(served, tenant, "en.md", "# Coffee\n\nDescale the machine every 90 days.");
  const { documentId } = await ingestText(served, tenant, "de.md", german, "de");
  const collection = await tenant.call("GET", "/v1/collections/manual");
  expect(collection.json.warnings).toEqual([expect.stringMatching(/^1 of 2 documents are .*German \(1\)/u)]);
  const listed = await tenant.call("GET", "/v1/collections");
  expect(listed.json.data[0].warnings).toEqual(collection.json.warnings);
  expect((await tenant.call("PUT", "/v1/collections/manual", { json: {} })).json.warnings).toEqual(collection.json.warnings);
  expect((await tenant.call("GET", `/v1/documents/${documentId}`)).json.warnings).toEqual([expect.stringContaining("German (1)")]);
  const search = (query: string) => tenant.call("POST", "/v1/search", { json: { query, collection: "manual" } });
  expect((await search("Kessel")).json.warnings).toEqual(collection.json.warnings);
  // Within a minute a search says what it said: it does not count documents anew.
  await ingestText(served, tenant, "de-2.md", german, "de");
  expect((await search("Kessel")).json.warnings).toEqual(collection.json.warnings);
});

test("documents in the embedder's language are not warned of", async () => {
  const other = await served.tenant();
  await other.call("PUT", "/v1/collections/manual", { json: {} });
  const { documentId } = await ingestText(served, other, "en.md", "# Coffee\n\nDescale the machine every 90 days.");
  for (const path of ["/v1/collections/manual", `/v1/documents/${documentId}`]) {
    expect((await other.call("GET", path)).json).not.toHaveProperty("warnings");
  }
  const { json } = await other.call("POST", "/v1/search", { json: { query: "descale", collection: "manual" } });
  expect(json).not.toHaveProperty("warnings");
});
