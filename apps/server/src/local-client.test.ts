import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "@footnote/core";
import { createClient } from "@footnote/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRuntime, type Runtime } from "./compose.ts";
import { openDataFolder } from "./data-folder.ts";
import { readEnvironment } from "./env.ts";
import type { FootnoteClient } from "./local-client.ts";

let folder = "";
let runtime: Runtime;
/** The same store through verbs and through the API. */
let clients: { verbs: FootnoteClient; api: FootnoteClient };
let operators: { verbs: FootnoteClient; api: FootnoteClient };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "footnote-local-"));
  const variables = { FOOTNOTE_LOG_LEVEL: "silent", FOOTNOTE_EMBED_WORKERS: "1", FOOTNOTE_MAX_UPLOAD_BYTES: "2000" };
  runtime = await openRuntime({ env: readEnvironment({ variables, folder }), folder: await openDataFolder(folder) });
  await runtime.worker.start();
  const { key, adminKey } = await runtime.credentials();
  const both = (key: string) => ({
    verbs: runtime.client(key),
    api: createClient({ url: "http://footnote.internal", key, retries: 0, fetch: async (request) => await runtime.api.app.fetch(request) }),
  });
  clients = both(key);
  operators = both(adminKey);
}, 120_000);
afterAll(async () => {
  await runtime.close({ graceMs: 1000 });
  await rm(folder, { recursive: true, force: true });
});

/** What both say, which must be the same. */
async function same<T>(ask: (client: FootnoteClient) => Promise<T>): Promise<T> {
  const said = await ask(clients.verbs);
  expect(said).toEqual(await ask(clients.api));
  return said;
}

async function refusal(work: Promise<unknown>): Promise<{ code: unknown; message: string }> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error("Nothing was refused.");
  return { code: "code" in error ? error.code : undefined, message: error.message };
}

describe("the store of this process", () => {
  it("says what the API says of documents, answers, runs and keys", async () => {
    const { verbs } = clients;
    await verbs.collections.put("kitchen", { description: "Machines" });
    const content = "# Kettle\n\nThe kettle holds 2.5 litres. It is descaled every 30 days.\n";
    const put = await verbs.documents.put({
      collection: "kitchen",
      externalId: "kettle.md",
      content,
      mediaType: "text/markdown",
      title: "Der Kessel",
      metadata: { floor: 2 },
    });
    const seen: number[] = [];
    expect(await verbs.jobs.wait(put.job.id, { onUpdate: ({ progress }) => seen.push(progress) })).toMatchObject({ state: "succeeded" });
    expect(seen.at(-1)).toBe(1);
    const { id } = put.document;
    const document = await same((client) => client.documents.get(id));
    expect(document).toMatchObject({ title: "Der Kessel", metadata: { floor: 2 }, state: "ready" });
    await same((client) => client.documents.text(id));
    await same((client) => client.documents.chunks(id));
    await same((client) => client.documents.list("kitchen"));
    await same((client) => client.collections.get("kitchen"));
    await same((client) => client.collections.list());
    await same((client) => client.pipelines.list());

    const question = { question: "What does the kettle hold?", collection: "kitchen" };
    const [ours, theirs] = [await verbs.answers.create(question), await clients.api.answers.create(question)];
    expect(Object.keys(ours).toSorted()).toEqual(Object.keys(theirs).toSorted());
    expect(ours.text).toBe(theirs.text);
    const events = async (client: FootnoteClient) => (await Array.fromAsync(client.answers.stream(question))).map(({ type }) => type);
    await same(events);
    await same((client) => client.answers.trace(ours.id));
    await verbs.answers.feedback(ours.id, { rating: "down", reason: "incomplete" });
    expect((await same((client) => client.evals.candidates())).data).toHaveLength(1);

    const row = {
      id: "a",
      question: question.question,
      answerable: true,
      tags: [],
      spans: [{ document: "kettle.md", quote: "2.5 litres" }],
    };
    await verbs.evals.datasets.put({ collection: "kitchen", name: "kettle", cases: JSON.stringify(row) });
    await same((client) => client.evals.datasets.get("kettle"));
    const { run, job } = await verbs.evals.runs.create({ dataset: "kettle" });
    await verbs.jobs.wait(job.id);
    expect(await same((client) => client.evals.runs.get(run.id))).toMatchObject({ state: "succeeded" });
    await same((client) => client.evals.runs.list({ dataset: "kettle" }));
    expect((await same((client) => client.evals.runs.results(run.id))).data).toMatchObject([{ case: { id: "a" } }]);

    const made = await verbs.keys.create({ name: "website", scopes: ["ask"] });
    expect(made.key).toMatch(/^fn_live_/u);
    expect((await verbs.keys.revoke(made.id)).revokedAt).not.toBeNull();
    await same(async (client) => (await client.keys.list()).data.map(({ lastUsedAt: _lastUsedAt, ...key }) => key));
    await verbs.conversations.delete(ours.conversationId);
    expect((await verbs.documents.delete(id)).kind).toBe("delete");
  }, 120_000);

  it("refuses what the API refuses, in the same words", async () => {
    const document = { collection: "kitchen", externalId: "x.md", mediaType: "text/markdown" };
    const refused: ((client: FootnoteClient) => Promise<unknown>)[] = [
      (client) => client.collections.get("absent"),
      (client) => client.documents.get("nonsense"),
      (client) => client.jobs.wait(newId("job")),
      (client) => client.documents.put({ ...document, content: "" }),
      (client) => client.documents.put({ ...document, content: "x".repeat(2001) }),
      (client) => client.admin.tenants.list(),
    ];
    for (const ask of refused) expect(await refusal(ask(clients.verbs))).toEqual(await refusal(ask(clients.api)));
    const tooMany = refusal(clients.verbs.search({ query: "kettle", collection: "kitchen", limit: 900 }));
    expect(await tooMany).toMatchObject({ code: "invalid_request", message: expect.stringMatching(/limit: Too big/u) });
    const make = (client: FootnoteClient) => client.collections.put("operators");
    expect(await refusal(make(operators.verbs))).toEqual(await refusal(make(operators.api)));
    const { id } = await operators.verbs.admin.tenants.create({ name: "Acme" });
    expect((await operators.api.admin.tenants.list()).data.map((tenant) => tenant.id)).toContain(id);
    expect((await operators.verbs.admin.tenants.createKey(id, { scopes: ["read"] })).key).toMatch(/^fn_live_/u);
  });
});
