import { isId, newId } from "@footnote/core";
import { createClient } from "@footnote/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ingestText, type ServedTestApi, serveTestApi, type TestTenant } from "./testing/served-api.ts";

let served: ServedTestApi;
let tenant: TestTenant;
beforeAll(async () => {
  served = await serveTestApi();
  tenant = await served.tenant();
  await tenant.call("PUT", "/v1/collections/manual", { json: {} });
  await ingestText(served, tenant, "boiler", "# Boiler\n\nThe boiler is guaranteed for seven years.\n");
});
afterAll(() => served.close());

const one = (id: string, changes: object = {}) => ({
  id,
  question: "How long is the boiler guaranteed?",
  answerable: true,
  tags: ["single-fact"],
  spans: [{ document: "boiler", quote: "seven years" }],
  ...changes,
});
const lines = (...cases: object[]) => cases.map((row) => `${JSON.stringify(row)}\n`).join("");
const client = (key = tenant.key) => createClient({ url: served.url, key, retries: 0 });

describe("datasets", () => {
  it("are stored, replaced, listed, read and deleted", async () => {
    const { evals, collections } = client();
    const { id: collectionId } = await collections.get("manual");
    const put = (cases: string, name = "first") => evals.datasets.put({ collection: "manual", name, cases });
    const made = await put(lines(one("a"), one("t", { split: "train" })));
    expect(made).toMatchObject({ name: "first", collectionId, caseCount: 2 });
    expect((await put(lines(one("b")))).sha256).not.toBe(made.sha256);
    expect(await evals.datasets.get("first")).toMatchObject({
      caseCount: 1,
      cases: [{ id: "b", split: "test", spans: [{ quote: "seven years" }] }],
    });
    await put(lines(one("a")), "second");
    const page = await evals.datasets.list({ limit: 1 });
    expect(page.data).toMatchObject([{ name: "second" }]);
    expect((await evals.datasets.list({ limit: 1, cursor: page.nextCursor ?? "" })).data).toMatchObject([{ name: "first" }]);
    await evals.datasets.delete("second");
    await expect(evals.datasets.get("second")).rejects.toMatchObject({ status: 404 });
  });

  it("that are wrong are refused with line and field, without what stands there", async () => {
    const put = (body: string | Uint8Array<ArrayBuffer>, name = "wrong") =>
      tenant.call("PUT", `/v1/collections/manual/datasets/${name}`, { body, headers: { "content-type": "application/x-ndjson" } });
    const said = async (reply: ReturnType<typeof put>) => {
      const { status, json } = await reply;
      return [status, json.detail];
    };
    expect(await said(put(lines(one("a"), one("b", { split: "secret" }))))).toEqual([
      400,
      expect.stringMatching(/^Line 2 of the body: split must be "train" or "test"/u),
    ]);
    expect(await said(put(lines(one("a", { question: "\0" }))))).toEqual([400, expect.stringContaining("question must be")]);
    expect(await said(put(""))).toEqual([400, expect.stringContaining("1 to 5000 cases, this one 0")]);
    const tagged = Array.from({ length: 20 }, (_, row) =>
      one(`t${row}`, { tags: Array.from({ length: 20 }, (_tag, at) => `${row}-${at}`) }),
    );
    expect(await said(put(lines(...tagged)))).toEqual([
      400,
      expect.stringContaining("at most 200 different tags and languages, this one 401"),
    ]);
    expect(await said(put(lines(one("a")), "Bad"))).toEqual([400, expect.stringContaining("The dataset's name")]);
    expect((await put("x".repeat(300_000))).status).toBe(413);
    for (const type of ["application/json", "text/plain", "application/x-www-form-urlencoded"]) {
      const headers = { "content-type": type };
      const reply = await tenant.call("PUT", "/v1/collections/manual/datasets/typed", { body: lines(one("a")), headers });
      expect([type, reply.status, reply.json.code]).toEqual([type, 415, "unsupported_media_type"]);
    }
    const typed = { "content-type": "Application/X-NDJSON; charset=utf-8" };
    const taken = await tenant.call("PUT", "/v1/collections/manual/datasets/typed", { body: lines(one("a")), headers: typed });
    expect(taken.status).toBe(201);
    expect((await put(Uint8Array.of(0xff, 0xfe))).status).toBe(400);
  });

  it("of a collection that a key may not see are not there for it", async () => {
    const { evals } = client();
    await evals.datasets.put({ collection: "manual", name: "hidden", cases: lines(one("a")) });
    const { id } = await client().collections.put("other", {});
    if (!isId("collection", id)) throw new Error("A collection's id is none.");
    const limited = client(await tenant.keyWith(["read", "ask", "ingest"], [newId("collection")]));
    await expect(limited.evals.datasets.get("hidden")).rejects.toMatchObject({ status: 404 });
    expect((await limited.evals.datasets.list()).data).toEqual([]);
    await expect(limited.evals.runs.create({ dataset: "hidden" })).rejects.toMatchObject({ status: 404 });
    const elsewhere = createClient({ url: served.url, key: await served.tenant().then(({ key }) => key), retries: 0 });
    await expect(elsewhere.evals.datasets.get("hidden")).rejects.toMatchObject({ status: 404 });
    // The name is taken, by a dataset that this key must not learn of.
    const others = client(await tenant.keyWith(["ingest"], [id]));
    await expect(others.evals.datasets.put({ collection: "other", name: "hidden", cases: lines(one("a")) })).rejects.toMatchObject({
      status: 404,
    });
  });
});

describe("runs", () => {
  it("are begun as a job that workers are woken for, once for an idempotency key", async () => {
    const { evals, jobs } = client();
    await evals.datasets.put({ collection: "manual", name: "asked", cases: lines(one("a"), one("b"), one("c")) });
    const woken = served.woken.count;
    const { run, job } = await evals.runs.create({ dataset: "asked", pipeline: "default" }, { idempotencyKey: "once" });
    expect(run).toMatchObject({
      dataset: "asked",
      split: "test",
      pipeline: "default",
      state: "queued",
      caseCount: 3,
      doneCount: 0,
      summary: null,
    });
    expect(job).toMatchObject({ kind: "evaluate", runId: run.id, documentId: null });
    expect(served.woken.count).toBeGreaterThan(woken);
    expect((await evals.runs.create({ dataset: "asked", pipeline: "default" }, { idempotencyKey: "once" })).run.id).toBe(run.id);
    expect((await evals.runs.list({ dataset: "asked" })).data.map(({ id }) => id)).toEqual([run.id]);
    await expect(evals.datasets.put({ collection: "manual", name: "asked", cases: lines(one("z")) })).rejects.toMatchObject({
      status: 409,
    });
    await expect(evals.runs.delete(run.id)).rejects.toMatchObject({ status: 409 });
    await jobs.cancel(job.id);
    expect(await evals.runs.get(run.id)).toMatchObject({ state: "cancelled", error: { code: "cancelled" } });
    await evals.runs.delete(run.id);
    await expect(evals.runs.get(run.id)).rejects.toMatchObject({ status: 404 });
  });

  it("of an empty split, an unknown dataset or an unknown pipeline are refused", async () => {
    const { evals } = client();
    await evals.datasets.put({ collection: "manual", name: "tests", cases: lines(one("a")) });
    await expect(evals.runs.create({ dataset: "tests", split: "train" })).rejects.toMatchObject({ status: 400 });
    await expect(evals.runs.create({ dataset: "none" })).rejects.toMatchObject({ status: 404 });
    await expect(evals.runs.create({ dataset: "tests", pipeline: "none" })).rejects.toMatchObject({ code: "pipeline_unknown" });
  });

  it("show their results by tag and metric, page by page", async () => {
    const { evals } = client();
    await evals.datasets.put({ collection: "manual", name: "shown", cases: lines(one("a"), one("b"), one("c")) });
    const { run } = await evals.runs.create({ dataset: "shown" });
    const { tenantId, store } = { tenantId: tenant.tenantId, store: served.store };
    const place = { document: "boiler", start: 0, end: 1, text: "x" };
    for (const [ordinal, id] of ["a", "b", "c"].entries()) {
      const answer = {
        text: "Seven years.",
        finishReason: "stop",
        sentences: [{ text: "Seven years.", stated: "supported", citations: [{ ...place, verified: true }] }],
        contexts: [place],
        ranking: [place],
        milliseconds: 1,
        usd: 0,
        degraded: [],
      };
      const asked = { ...one(id), split: "test" };
      const record = {
        caseId: id,
        ordinal,
        tags: [ordinal === 1 ? "odd" : "even"],
        documentIds: [],
        metrics: { mrr: ordinal / 2, faithfulness: null },
      };
      const [{ id: runId } = { id: newId("run") }] = (await store.evaluations.listRuns(tenantId, { dataset: "shown" })).data;
      const body = { case: asked, answer, gold: [] };
      await store.evaluations.addResult(tenantId, runId, { ...record, body });
    }
    const ids = async (page: Parameters<typeof evals.runs.results>[1]) =>
      (await evals.runs.results(run.id, page)).data.map((row) => row.case.id);
    expect(await ids({})).toEqual(["a", "b", "c"]);
    expect(await ids({ tag: "even" })).toEqual(["a", "c"]);
    expect(await ids({ metric: "mrr", below: 0.5 })).toEqual(["a"]);
    expect(await ids({ metric: "faithfulness" })).toEqual([]);
    const page = await evals.runs.results(run.id, { limit: 2 });
    expect(await ids({ limit: 2, cursor: page.nextCursor ?? "" })).toEqual(["c"]);
    await expect(evals.runs.results(run.id, { below: 0.5 })).rejects.toMatchObject({ status: 400 });
    expect(await evals.runs.get(run.id)).toMatchObject({ doneCount: 3 });
    const read = async () => (await tenant.call("GET", `/v1/evals/runs/${run.id}`, { key: tenant.key })).json;
    expect(Object.keys(await read())).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(?:warnings|keyId|documentsChanged)$/u)]),
    );
    if (!isId("run", run.id)) throw new Error("A run's id is none.");
    await served.store.evaluations.finishRun(tenant.tenantId, run.id, { summary: [], documentsChanged: true });
    expect((await read()).warnings).toEqual([expect.stringContaining("documents were changed while")]);
  });
});
