import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isId, newId } from "@footnote/core";
import { pipelines } from "@footnote/retrieval";
import { createClient } from "@footnote/sdk";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { openRuntime, type Runtime } from "./compose.ts";
import { openDataFolder } from "./data-folder.ts";
import { readEnvironment } from "./env.ts";
import { createClientTarget } from "./client-target.ts";
import { testBy } from "@footnote/storage/testing";

let folder = "";
let runtime: Runtime;
let client: ReturnType<typeof createClient>;
const conversations: string[] = [];
const asked: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "footnote-target-"));
  const env = readEnvironment({ variables: { FOOTNOTE_LOG_LEVEL: "silent", FOOTNOTE_EMBED_WORKERS: "1" }, folder });
  runtime = await openRuntime({ env, folder: await openDataFolder(folder) });
  await runtime.worker.start();
  const { key } = await runtime.credentials();
  client = createClient({
    url: "http://footnote.internal",
    key,
    async fetch(request) {
      const body = request.method === "POST" ? z.looseObject({ question: z.string().optional() }).parse(await request.clone().json()) : {};
      const response = await runtime.api.app.fetch(request);
      if (body.question !== undefined) {
        asked.push(body.question);
        conversations.push(z.looseObject({ conversationId: z.string() }).parse(await response.clone().json()).conversationId);
      }
      return response;
    },
  });
  await client.collections.put("kitchen", {});
  const content = "# Kettle\n\nThe kettle holds 2.5 litres. It is descaled every 30 days.\n";
  const { job } = await client.documents.put({ collection: "kitchen", externalId: "kettle.md", content, mediaType: "text/markdown" });
  await client.jobs.wait(job.id);
}, 120_000);
afterAll(async () => {
  await runtime.close({ graceMs: 1000 });
  await rm(folder, { recursive: true, force: true });
});

it("asks what was asked before in one conversation, reads what is cited, and forgets it where it is somebody's own", async () => {
  const target = await createClientTarget({ client, collection: "kitchen", forgets: true });
  expect(target).toMatchObject({ pipeline: "default", pipelineHash: expect.stringMatching(/^[0-9a-f]{64}$/u) });
  const request = { question: "How often is it descaled?", history: ["What does the kettle hold?"] };
  const answer = await target.ask(request);
  expect(asked).toEqual(["What does the kettle hold?", "How often is it descaled?"]);
  expect(new Set(conversations).size).toBe(1);
  const [citation] = answer.citations;
  const version = citation && (await target.readVersion(citation.source));
  expect(version?.externalId).toBe("kettle.md");
  expect(version?.text.slice(citation?.sourceSpan.start, citation?.sourceSpan.end)).toBe(citation?.quote);
  expect((await target.search({ ...request, limit: 3 })).hits[0]?.chunk.text).toContain("descaled");
  expect(await target.readDocument({ externalId: "kettle.md" })).toBe(version?.text);
  expect(await target.readDocument({ externalId: "absent.md" })).toBeNull();
  const [id = ""] = conversations;
  await expect(client.conversations.get(id)).rejects.toMatchObject({ status: 404 });
  expect(isId("conversation", id)).toBe(true);
}, 60_000);

it("keeps conversations in a store of its own, and changes its hash of the documents with them", async () => {
  const target = await createClientTarget({ client, collection: "kitchen", pipeline: "default" });
  await target.ask({ question: "What does the kettle hold?", history: [] });
  expect((await client.conversations.get(conversations.at(-1) ?? "")).turns).toHaveLength(1);
  expect((await createClientTarget({ client, collection: "kitchen", corpus: "given" })).corpus).toBe("given");
  const { job } = await client.documents.put({ collection: "kitchen", externalId: "new.md", content: "New.", mediaType: "text/markdown" });
  await client.jobs.wait(job.id);
  const later = await createClientTarget({ client, collection: "kitchen" });
  expect([later.corpus === target.corpus, later.corpus?.length]).toEqual([false, 64]);
}, 60_000);

it("searches a follow-up as the pipeline reads it", async () => {
  const { tenantId } = await runtime.credentials();
  if (!isId("tenant", tenantId)) throw new Error("The tenant's id is none.");
  await runtime.store.pipelines.put(tenantId, { ...pipelines.default, name: "alone", followUps: { type: "none" } }, testBy);
  const request = { question: "And how often?", history: ["When is the kettle descaled?"], limit: 5 };
  const queries: string[] = [];
  const listening: typeof client = { ...client, search: (asked, given) => (queries.push(asked.query), client.search(asked, given)) };
  for (const pipeline of ["default", "alone"])
    await (await createClientTarget({ client: listening, collection: "kitchen", pipeline })).search(request);
  expect(queries).toEqual([expect.stringMatching(/^And how often\? \(.*kettle/u), "And how often?"]);
});

it("throws what the API said with its code, so that what may pass is tried again", async () => {
  const problem = (status: number, code: string) =>
    Response.json({ type: "about:blank", title: "Failed", status, code, detail: "It failed.", requestId: "r" }, { status });
  let reply = () => problem(429, "rate_limited");
  const failing = createClient({
    url: "http://footnote.internal",
    key: (await runtime.credentials()).key,
    retries: 0,
    fetch: async (request) => (request.method === "POST" ? reply() : await runtime.api.app.fetch(request)),
  });
  const target = await createClientTarget({ client: failing, collection: "kitchen" });
  const ask = () => target.ask({ question: "What does it hold?", history: [] });
  await expect(ask()).rejects.toMatchObject({ name: "FootnoteError", code: "rate_limited", retryable: true });
  reply = () => problem(422, "pipeline_incompatible");
  await expect(ask()).rejects.toMatchObject({ code: "pipeline_incompatible", retryable: false });
  reply = () => new Response("<html>", { status: 502 });
  await expect(ask()).rejects.toMatchObject({ code: "upstream_failed", retryable: true });
  const source = { documentId: newId("document"), versionId: newId("version") };
  await expect(target.readVersion(source)).rejects.toMatchObject({ code: "not_found", retryable: false });
  const unknown = createClientTarget({ client: failing, collection: "absent" });
  await expect(unknown).rejects.toMatchObject({ name: "FootnoteError", code: "not_found" });
});

it("refuses a pipeline that is not there", async () => {
  await expect(createClientTarget({ client, collection: "kitchen", pipeline: "none" })).rejects.toMatchObject({ code: "pipeline_unknown" });
});
