import { fork } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId, type CollectionId, type TenantId } from "@footnote/core";
import { afterAll, describe, expect, it } from "vitest";
import { backupStore, restoreStore } from "./backup.ts";
import { lockDataFolder } from "./data-folder-lock.ts";
import { maintainSpaces } from "./maintain-spaces.ts";
import { migrate, readMigrations } from "./migrate.ts";
import { openStore } from "./open-store.ts";
import type { Store } from "./store.ts";
import { unitVector } from "@footnote/core/testing/vector-index-contract";
import { analyzeWords, createTenantAndCollection, loadChunks } from "./testing/load-chunks.ts";
import { availableEngines, openTestStore, sharedPostgresServer, testSpaces } from "./testing/test-store.ts";
import { testAppRole } from "./testing/postgres-server.ts";
import { testBy } from "./testing/test-by.ts";

const folders: string[] = [];
async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "footnote-open-"));
  folders.push(folder);
  return folder;
}
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

const space = { space: "fake_64", dimensions: 64, tokenVectors: true };
const engines = await availableEngines();

/** A dataset, a run over it and a result. */
async function evaluate(store: Store, { tenantId, collectionId }: { tenantId: TenantId; collectionId: CollectionId }) {
  const one = { id: "a", split: "test", documents: ["a"], sha256: "x", body: { id: "a" } };
  await store.evaluations.putDataset(tenantId, { name: "set", collectionId, cases: [one], by: testBy });
  const request = { dataset: "set", split: "test", pipeline: "default", pipelineHash: "h", keyId: newId("key") };
  const made = await store.evaluations.createRun(tenantId, { ...request, by: testBy });
  const body = { case: { id: "a", spans: [] }, answer: { text: "kept", sentences: [], contexts: [], ranking: [] } };
  const result = { caseId: "a", ordinal: 0, tags: ["t"], metrics: { mrr: 1, faithfulness: null }, body };
  await store.evaluations.addResult(tenantId, made.run.id, { ...result, documentIds: [] });
  return { tenantId, collectionId, result: { ...result, documents: ["a"] }, run: await store.evaluations.getRun(tenantId, made.run.id) };
}
async function expectEvaluated(store: Store, { tenantId, collectionId, result, run }: Awaited<ReturnType<typeof evaluate>>) {
  if (!run) throw new Error("the run was not stored");
  expect(await store.evaluations.getRun(tenantId, run.id)).toEqual(run);
  expect((await store.evaluations.listResults(tenantId, run.id, {})).data).toEqual([result]);
  expect(await store.evaluations.cases(tenantId, "set", { split: "test" })).toEqual([{ id: "a" }]);
  // Datasets are listed by a number that goes on.
  await store.evaluations.putDataset(tenantId, { name: "later", collectionId, cases: [], by: testBy });
  expect((await store.evaluations.listDatasets(tenantId, {})).data.map(({ name }) => name)).toEqual(["later", "set"]);
}

describe("the embedded store", () => {
  it("keeps its data, refuses a second opener in one line, and is backed up and restored whole", async () => {
    const dataDir = await newFolder();
    const first = await openStore({ dataDir, spaces: testSpaces });
    const scope = await createTenantAndCollection(first.store);
    const loaded = await loadChunks(first.store, { ...scope, ...space, externalId: "a", chunks: [{ text: "kept words" }] });
    const evaluated = await evaluate(first.store, scope);
    await expect(openStore({ dataDir, spaces: testSpaces })).rejects.toMatchObject({ code: "data_folder_in_use" });
    await first.store.close();
    const to = join(await newFolder(), "backup");
    const written = await backupStore({ dataDir, to });
    expect(written).toMatchObject({ tenants: 1, blobs: 1 });
    await expect(backupStore({ dataDir, to })).rejects.toMatchObject({ code: "conflict" });
    const restoredDir = await newFolder();
    expect(await restoreStore({ dataDir: restoredDir, from: to })).toEqual(written);
    await expect(restoreStore({ dataDir: restoredDir, from: to })).rejects.toMatchObject({ code: "conflict" });
    const second = await openStore({ dataDir: restoredDir, spaces: testSpaces });
    const found = await second.store.lexical.search({ ...scope, query: analyzeWords("kept"), limit: 5 });
    expect(found.map(({ chunkId }) => chunkId)).toEqual(loaded.chunkIds);
    await expectEvaluated(second.store, evaluated);
    // New rows get new numbers.
    await loadChunks(second.store, { ...scope, ...space, externalId: "b", chunks: [{ text: "more words" }] });
    await second.store.close();
    await writeFile(join(to, "tables", "chunks.jsonl"), "{}\n");
    await expect(restoreStore({ dataDir: await newFolder(), from: to })).rejects.toMatchObject({ code: "storage_failed" });
    await expect(restoreStore({ dataDir: await newFolder(), from: await newFolder() })).rejects.toMatchObject({ code: "invalid_request" });
  }, 240_000);

  it("frees the folder when its process is killed", async () => {
    const folder = await newFolder();
    const script = join(folder, "holder.ts");
    const lockModule = new URL("./data-folder-lock.ts", import.meta.url).href;
    await writeFile(
      script,
      `import { lockDataFolder } from ${JSON.stringify(lockModule)}; await lockDataFolder(${JSON.stringify(folder)}); process.send("held"); setInterval(() => {}, 1000);`,
    );
    const holder = fork(script, { execArgv: [] });
    await new Promise((resolve) => holder.once("message", resolve));
    await expect(lockDataFolder(folder)).rejects.toMatchObject({ code: "data_folder_in_use" });
    const ended = new Promise((resolve) => holder.once("exit", resolve));
    holder.kill("SIGKILL");
    await ended;
    await (await lockDataFolder(folder)).release();
  });
});

describe.skipIf(!engines.includes("postgres"))("the store on a server", () => {
  const database = async () => {
    const server = await sharedPostgresServer();
    if (server === null) throw new Error("no server");
    return server.createDatabase();
  };

  it("refuses an unmigrated database, owners and superusers, and a missing space", async () => {
    const { databaseUrl, adminUrl, superuserUrl } = await database();
    const dataDir = await newFolder();
    await expect(openStore({ databaseUrl, dataDir, spaces: testSpaces })).rejects.toMatchObject({
      code: "configuration_invalid",
      message: expect.stringContaining("footnote migrate"),
    });
    expect((await migrate({ adminUrl, appRole: testAppRole, spaces: testSpaces })).applied.length).toBeGreaterThan(1);
    expect(await migrate({ adminUrl, appRole: testAppRole, spaces: testSpaces })).toEqual({ applied: [] });
    for (const url of [adminUrl, superuserUrl]) {
      await expect(openStore({ databaseUrl: url, dataDir, spaces: testSpaces })).rejects.toMatchObject({ code: "configuration_invalid" });
    }
    const missing = [...testSpaces, { id: "missing_4", dimensions: 4, tokenVectors: false }];
    await expect(openStore({ databaseUrl, dataDir, spaces: missing })).rejects.toMatchObject({ code: "configuration_invalid" });
    const resized = [{ id: "tiny_8", dimensions: 9, tokenVectors: false }];
    await expect(migrate({ adminUrl, appRole: testAppRole, spaces: resized })).rejects.toMatchObject({ code: "configuration_invalid" });
    expect((await readMigrations()).every(({ hash }) => hash.length === 64)).toBe(true);
  });

  it("is backed up by its owner and restored elsewhere", async () => {
    const opened = await openTestStore("postgres");
    const scope = await createTenantAndCollection(opened.store);
    const loaded = await loadChunks(opened.store, { ...scope, ...space, externalId: "a", chunks: [{ text: "kept words" }] });
    const evaluated = await evaluate(opened.store, scope);
    const to = join(await newFolder(), "backup");
    const written = await backupStore({ dataDir: opened.dataDir, adminUrl: opened.database?.adminUrl ?? "", to });
    expect(written).toMatchObject({ tenants: 1, blobs: 1 });
    await opened.close();
    const target = await database();
    const dataDir = await newFolder();
    expect(await restoreStore({ dataDir, adminUrl: target.adminUrl, appRole: testAppRole, from: to })).toEqual(written);
    const { store } = await openStore({ databaseUrl: target.databaseUrl, dataDir, spaces: testSpaces });
    const found = await store.lexical.search({ ...scope, query: analyzeWords("kept"), limit: 5 });
    expect(found.map(({ chunkId }) => chunkId)).toEqual(loaded.chunkIds);
    await expectEvaluated(store, evaluated);
    await loadChunks(store, { ...scope, ...space, externalId: "b", chunks: [{ text: "more words" }] });
    await store.close();
  });

  it("searches a large collection through HNSW, also after ten executions, and still returns every row asked for", async () => {
    const opened = await openTestStore("postgres");
    const { store } = opened;
    const scope = await createTenantAndCollection(store);
    const tiny = { space: "tiny_8", dimensions: 8, tokenVectors: false };
    const chunks = Array.from({ length: 5200 }, (_, at) => ({ text: `chunk ${at}`, vector: unitVector(at + 1) }));
    await loadChunks(store, { ...scope, ...tiny, externalId: "large", chunks });
    const search = (limit: number, seed: number) => store.dense.search({ ...scope, space: "tiny_8", vector: unitVector(seed), limit });
    const exact = await search(10, 99_999);
    expect((await maintainSpaces({ adminUrl: opened.database?.adminUrl ?? "" })).built).toEqual(["dense_tiny_8_hnsw"]);
    expect((await maintainSpaces({ adminUrl: opened.database?.adminUrl ?? "" })).built).toEqual([]);
    for (let run = 0; run < 10; run++) await search(10, run);
    const found = await search(10, 99_999);
    // The server counts index scans with a delay; every one of the eleven searches has to have used the index.
    await expect.poll(scans, { interval: 500 }).toBeGreaterThanOrEqual(11);
    const shared = found.filter(({ chunkId }) => exact.some((hit) => hit.chunkId === chunkId));
    expect(shared.length).toBeGreaterThanOrEqual(8);
    expect((await search(5200, 5)).length).toBe(5200);
    await opened.close();

    async function scans(): Promise<number> {
      await store.ping();
      const [row] = await opened.superuser(
        "select idx_scan::float8 as scans from pg_stat_user_indexes where indexrelname = 'dense_tiny_8_hnsw'",
      );
      return Number(row?.scans);
    }
  });
});
