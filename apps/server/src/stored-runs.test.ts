import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@footnote/sdk";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openRuntime, type Runtime } from "./compose.ts";
import { openDataFolder } from "./data-folder.ts";
import { readEnvironment } from "./env.ts";

/** Enough that a run over them takes seconds. */
const questions = 300;
let folder = "";
let runtime: Runtime;
let owner: ReturnType<typeof createClient>;
const clientOf = (key: string) =>
  createClient({ url: "http://footnote.internal", key, fetch: async (request) => await runtime.api.app.fetch(request), retries: 0 });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "footnote-stored-runs-"));
  const env = readEnvironment({ variables: { FOOTNOTE_LOG_LEVEL: "silent", FOOTNOTE_EMBED_WORKERS: "1" }, folder });
  runtime = await openRuntime({ env, folder: await openDataFolder(folder) });
  await runtime.worker.start();
  owner = clientOf((await runtime.credentials()).key);
  await owner.collections.put("kitchen", {});
  const content = "# Kettle\n\nThe kettle holds 2.5 litres. It is descaled every 30 days.\n";
  const { job } = await owner.documents.put({ collection: "kitchen", externalId: "kettle.md", content, mediaType: "text/markdown" });
  await owner.jobs.wait(job.id);
  const cases = Array.from({ length: questions }, (_, at) => ({
    id: `q${at}`,
    question: "What does the kettle hold?",
    answerable: true,
    tags: [],
    spans: [{ document: "kettle.md", quote: "2.5 litres" }],
  }));
  await owner.evals.datasets.put({ collection: "kitchen", name: "kettle", cases: cases.map((one) => JSON.stringify(one)).join("\n") });
}, 120_000);
afterAll(async () => {
  await runtime.close({ graceMs: 1000 });
  await rm(folder, { recursive: true, force: true });
});

it("end soon after the key that began them is revoked, keep what there is, and do not go on at a retry", async () => {
  const { id, key } = await owner.keys.create({ scopes: ["read", "ask"] });
  const { run, job } = await clientOf(key ?? "").evals.runs.create({ dataset: "kettle" });
  const done = async () => (await owner.evals.runs.get(run.id)).doneCount;
  await expect.poll(done, { timeout: 60_000, interval: 20 }).toBeGreaterThan(0);
  await owner.keys.revoke(id);
  const error = { code: "unauthorized", message: expect.stringContaining("The key that this was begun with was revoked or has expired") };
  expect(await owner.jobs.wait(job.id)).toMatchObject({ state: "failed", error });
  const kept = await done();
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(questions);
  expect(await owner.evals.runs.get(run.id)).toMatchObject({ state: "failed", error, summary: null });
  expect((await owner.evals.runs.results(run.id, { limit: 1 })).data).toMatchObject([{ case: { id: "q0" } }]);
  await owner.jobs.retry(job.id);
  expect(await owner.jobs.wait(job.id)).toMatchObject({ state: "failed", error });
  expect(await done()).toBe(kept);
}, 120_000);
