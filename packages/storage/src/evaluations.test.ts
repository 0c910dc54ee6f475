import { newId, sha256, type RunId, type TenantId } from "@footnote/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { redactResult } from "./redact-evaluations.ts";
import type { Store } from "./store.ts";
import type { EvalBody, EvalResultRecord } from "./store/evaluation-runs.ts";
import { createTenantAndCollection, loadChunks } from "./testing/load-chunks.ts";
import { availableEngines, openTestStore, type TestStore } from "./testing/test-store.ts";
import { testBy } from "./testing/test-by.ts";

const space = { space: "fake_64", dimensions: 64, tokenVectors: true };
const one = (id: string, split = "test", document = "manual.md") => {
  const body = { id, question: `${id}?`, spans: [{ document, quote: "every 90 days" }], referenceAnswer: "Every 90 days." };
  return { id, split, documents: [document], sha256: sha256(JSON.stringify(body)), body };
};
const place = (document: string, text: string) => ({ document, start: 0, end: text.length, text });
const bodyOf = (id: string): EvalBody => ({
  case: one(id).body,
  answer: {
    text: "Every 90 days. Use soap. Surely.",
    sentences: [
      { text: "Every 90 days.", citations: [place("manual.md", "every 90 days")] },
      { text: "Use soap.", citations: [place("other.md", "use soap")] },
      { text: "Surely.", citations: [] },
    ],
    contexts: [place("manual.md", "Clean it every 90 days."), place("other.md", "use soap")],
    ranking: [place("manual.md", "Clean it every 90 days."), place("third.md", "nothing")],
  },
});
type NewResult = Parameters<Store["evaluations"]["addResult"]>[2];
const result = (id: string, ordinal: number, changes: Partial<NewResult> = {}): NewResult => ({
  caseId: id,
  ordinal,
  tags: ordinal % 2 === 0 ? ["even"] : ["odd"],
  documentIds: [],
  metrics: { mrr: ordinal / 4, faithfulness: ordinal === 2 ? null : 1 },
  body: bodyOf(id),
  ...changes,
});

describe.each(await availableEngines())("evaluations on %s", (engine) => {
  let opened: TestStore;
  beforeAll(async () => {
    opened = await openTestStore(engine);
  });
  afterAll(() => opened.close());

  /** A tenant with two documents and a dataset of three test cases and one train case. */
  async function prepare() {
    const { store } = opened;
    const scope = await createTenantAndCollection(store);
    const load = (externalId: string) => loadChunks(store, { ...scope, ...space, externalId, chunks: [{ text: "x" }] });
    const manual = (await load("manual.md")).documentId;
    const other = (await load("other.md")).documentId;
    const cases = [one("a"), one("b"), one("c", "test", "other.md"), one("t", "train")];
    const { dataset } = await store.evaluations.putDataset(scope.tenantId, {
      name: "set",
      collectionId: scope.collectionId,
      cases,
      by: testBy,
    });
    return { ...scope, store, evaluations: store.evaluations, cases, dataset, load, manual, other, both: [manual, other] };
  }
  const by = { actor: { type: "key" as const, id: newId("key") } };
  const request = { dataset: "set", split: "test", pipeline: "default", pipelineHash: "h", by };
  const begin = (tenantId: TenantId) => opened.store.evaluations.createRun(tenantId, request);
  const resultsOf = async (tenantId: TenantId, id: RunId): Promise<EvalResultRecord[]> =>
    (await opened.store.evaluations.listResults(tenantId, id, { limit: 100 })).data;
  async function cancel(tenantId: TenantId, id: RunId) {
    const run = await opened.store.evaluations.getRun(tenantId, id);
    if (run) await opened.store.jobs.cancel(tenantId, run.jobId, testBy);
  }

  it("keeps datasets, replaces them as a whole, lists them newest first and of the wanted collections", async () => {
    const { tenantId, collectionId, evaluations, cases, dataset } = await prepare();
    expect(dataset).toMatchObject({ name: "set", collectionId, caseCount: 4 });
    expect(await evaluations.cases(tenantId, "set", { split: "test" })).toEqual(cases.slice(0, 3).map(({ body }) => body));
    const again = await evaluations.putDataset(tenantId, { name: "set", collectionId, cases: cases.toReversed(), by: testBy });
    expect(again).toMatchObject({ created: false, dataset: { sha256: dataset.sha256 } });
    const less = await evaluations.putDataset(tenantId, { name: "set", collectionId, cases: cases.slice(1), by: testBy });
    expect(less.dataset.sha256).not.toBe(dataset.sha256);
    await evaluations.putDataset(tenantId, { name: "second.set", collectionId, cases, by: testBy });
    const page = await evaluations.listDatasets(tenantId, { limit: 1 });
    expect(page.data.map(({ name }) => name)).toEqual(["second.set"]);
    const next = await evaluations.listDatasets(tenantId, { limit: 1, cursor: page.nextCursor ?? "" });
    expect(next).toMatchObject({ data: [{ name: "set" }], nextCursor: null });
    expect((await evaluations.listDatasets(tenantId, { only: [newId("collection")] })).data).toEqual([]);
    await expect(evaluations.listDatasets(tenantId, { cursor: Buffer.from("col_x").toString("base64url") })).rejects.toThrow(/cursor/u);
    expect(await evaluations.deleteDataset(tenantId, "set", testBy)).toBe(true);
    expect(await evaluations.deleteDataset(tenantId, "set", testBy)).toBe(false);
    expect(await evaluations.getDataset(tenantId, "set")).toBeNull();
    expect(await evaluations.cases(tenantId, "set", { split: "test" })).toEqual([]);
    const unknown = { name: "x", collectionId: newId("collection"), cases };
    await expect(evaluations.putDataset(tenantId, { ...unknown, by: testBy })).rejects.toMatchObject({ code: "not_found" });
  });

  it("begins a run with its job, and keeps the dataset as it is while one is under way", async () => {
    const { tenantId, collectionId, store, evaluations, cases, dataset } = await prepare();
    const { run, job } = await begin(tenantId);
    expect(run).toMatchObject({ dataset: "set", caseCount: 3, doneCount: 0, state: "queued", jobId: job.id, judges: [], summary: null });
    expect(run).toMatchObject({ actor: by.actor, documentsChanged: false });
    expect(run.datasetSha256).not.toBe(dataset.sha256);
    expect(job).toMatchObject({ kind: "evaluate", runId: run.id, documentId: null, state: "queued" });
    expect((await store.routing.claimOutbox({ topics: ["job"], limit: 100, leaseMs: 1000 })).map(({ payload }) => payload.jobId)).toContain(
      job.id,
    );
    await expect(evaluations.putDataset(tenantId, { name: "set", collectionId, cases: cases.slice(1), by: testBy })).rejects.toMatchObject({
      code: "conflict",
    });
    await expect(evaluations.deleteDataset(tenantId, "set", testBy)).rejects.toMatchObject({ code: "conflict" });
    expect((await evaluations.putDataset(tenantId, { name: "set", collectionId, cases, by: testBy })).created).toBe(false);
    await cancel(tenantId, run.id);
    expect(await evaluations.getRun(tenantId, run.id)).toMatchObject({ state: "cancelled", error: { code: "cancelled" } });
    expect(await evaluations.deleteDataset(tenantId, "set", testBy)).toBe(true);
    await expect(evaluations.createRun(tenantId, request)).rejects.toMatchObject({ code: "not_found" });
    const train = { name: "train", collectionId, cases: [one("t", "train")] };
    await evaluations.putDataset(tenantId, { ...train, by: testBy });
    await expect(evaluations.createRun(tenantId, { ...request, dataset: "train", by: testBy })).rejects.toMatchObject({
      code: "invalid_request",
    });
  });

  it("begins five runs of a tenant at once and no more, until one has ended", async () => {
    const { tenantId, evaluations } = await prepare();
    const begun = await Promise.allSettled(Array.from({ length: 8 }, () => evaluations.createRun(tenantId, request)));
    const runs = begun.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value.run] : []));
    expect(runs).toHaveLength(5);
    const refusals: unknown[] = begun.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
    expect(refusals).toEqual(Array.from({ length: 3 }, () => expect.objectContaining({ code: "conflict" })));
    await cancel(tenantId, runs[0]?.id ?? newId("run"));
    expect((await evaluations.createRun(tenantId, request)).run.state).toBe("queued");
  });

  it("keeps results under their judges and documents, pages and filters them, and ends with a summary", async () => {
    const { tenantId, evaluations, both } = await prepare();
    const { run } = await begin(tenantId);
    await evaluations.setUnder(tenantId, run.id, { corpus: "c", judges: ["j@1"] });
    for (const [index, id] of ["a", "b", "c"].entries())
      await evaluations.addResult(tenantId, run.id, result(id, index, { documentIds: both }));
    await evaluations.addResult(tenantId, run.id, result("a", 0, { metrics: { mrr: 0.1, faithfulness: 1 } }));
    await evaluations.setUnder(tenantId, run.id, { corpus: "c", judges: ["j@1"] });
    const scores = await evaluations.resultMetrics(tenantId, run.id);
    expect(scores.toSorted((a, b) => (a.caseId < b.caseId ? -1 : 1))).toEqual([
      { caseId: "a", metrics: { mrr: 0.1, faithfulness: 1 } },
      { caseId: "b", metrics: { mrr: 0.25, faithfulness: 1 } },
      { caseId: "c", metrics: { mrr: 0.5, faithfulness: null } },
    ]);
    const { documentIds: _documentIds, ...second } = result("b", 1);
    // A result shows the documents of its answer and those that its case quotes.
    expect(await resultsOf(tenantId, run.id)).toMatchObject([
      { caseId: "a", documents: ["manual.md"] },
      { ...second, documents: ["manual.md", "other.md"] },
      { caseId: "c", documents: ["manual.md", "other.md"] },
    ]);
    const ids = async (page: Parameters<typeof evaluations.listResults>[2]) =>
      (await evaluations.listResults(tenantId, run.id, page)).data.map(({ caseId }) => caseId);
    expect(await ids({ tag: "even" })).toEqual(["a", "c"]);
    expect(await ids({ metric: "faithfulness" })).toEqual(["a", "b"]);
    expect(await ids({ metric: "mrr", below: 0.25 })).toEqual(["a"]);
    expect(await ids({ metric: "unknown" })).toEqual([]);
    const page = await evaluations.listResults(tenantId, run.id, { limit: 2 });
    expect(await ids({ limit: 2, cursor: page.nextCursor ?? "" })).toEqual(["c"]);
    const summary = [{ metric: "mrr", slice: "all", mean: 0.3, low: 0.1, high: 0.5, count: 3 }];
    await evaluations.finishRun(tenantId, run.id, { summary, documentsChanged: true });
    expect(await evaluations.getRun(tenantId, run.id)).toMatchObject({
      state: "succeeded",
      doneCount: 3,
      summary,
      corpus: "c",
      judges: ["j@1"],
      documentsChanged: true,
    });
    expect((await evaluations.listRuns(tenantId, { dataset: "set" })).data.map(({ id }) => id)).toEqual([run.id]);
    expect((await evaluations.listRuns(tenantId, { only: [newId("collection")] })).data).toEqual([]);
    await expect(evaluations.deleteRun(tenantId, run.id, testBy)).rejects.toMatchObject({ code: "conflict" });
    // Judged by somebody else: the results so far are not of this run.
    await evaluations.setUnder(tenantId, run.id, { corpus: "c", judges: ["j@2"] });
    expect(await resultsOf(tenantId, run.id)).toEqual([]);
    await evaluations.addResult(tenantId, run.id, result("a", 0));
    await cancel(tenantId, run.id);
    expect(await evaluations.deleteRun(tenantId, run.id, testBy)).toBe(true);
    expect(await evaluations.deleteRun(tenantId, run.id, testBy)).toBe(false);
    expect([await evaluations.getRun(tenantId, run.id), await evaluations.resultMetrics(tenantId, run.id)]).toEqual([null, []]);
  });

  it("shows nothing of it to another tenant", async () => {
    const { tenantId, evaluations } = await prepare();
    const { run } = await begin(tenantId);
    await evaluations.addResult(tenantId, run.id, result("a", 0));
    const stranger = await createTenantAndCollection(opened.store);
    const other = stranger.tenantId;
    expect([await evaluations.getDataset(other, "set"), await evaluations.getRun(other, run.id)]).toEqual([null, null]);
    expect([await evaluations.cases(other, "set", { split: "test" }), await evaluations.resultMetrics(other, run.id)]).toEqual([[], []]);
    expect((await evaluations.listRuns(other, {})).data).toEqual([]);
    await evaluations.finishRun(other, run.id, { summary: [], documentsChanged: true });
    await evaluations.setUnder(other, run.id, { corpus: null, judges: [] });
    await expect(evaluations.addResult(other, run.id, result("b", 1))).rejects.toMatchObject({ code: "conflict" });
    expect(await evaluations.deleteDataset(other, "set", testBy)).toBe(false);
    expect(await evaluations.deleteRun(other, run.id, testBy)).toBe(false);
    expect(await evaluations.getRun(tenantId, run.id)).toMatchObject({ finishedAt: null, doneCount: 1 });
    await evaluations.putDataset(other, { name: "set", collectionId: stranger.collectionId, cases: [one("z")], by: testBy });
    expect(await evaluations.cases(tenantId, "set", { split: "test" })).toHaveLength(3);
  });

  it("loses the cases of an erased document and masks it in results, and takes no later result that shows it", async () => {
    const { tenantId, store, evaluations, both, manual, other } = await prepare();
    const { run } = await begin(tenantId);
    await evaluations.addResult(tenantId, run.id, result("a", 0, { documentIds: both }));
    await evaluations.addResult(tenantId, run.id, result("c", 2, { documentIds: [other], body: bodyOf("c") }));
    expect(await store.documents.erase(tenantId, manual, testBy)).toMatchObject({ evalCases: 3, evalResultsRedacted: 1 });
    expect(await store.documents.erase(tenantId, manual, testBy)).not.toHaveProperty("evalCases");
    expect(await evaluations.getDataset(tenantId, "set")).toMatchObject({ caseCount: 1 });
    const [redacted, untouched] = await resultsOf(tenantId, run.id);
    expect(JSON.stringify(redacted)).not.toMatch(/90|Every|Clean|Surely/u);
    expect(redacted?.body.answer.sentences[1]?.text).toBe("Use soap.");
    expect(redacted?.documents).toEqual(["other.md"]);
    expect(untouched?.body).toEqual(bodyOf("c"));
    const later = result("c", 2, { documentIds: both });
    await expect(evaluations.addResult(tenantId, run.id, later)).rejects.toMatchObject({ code: "conflict", retryable: false });
    // A run is what was begun: its counts are those of its results, which stay.
    expect(await evaluations.getRun(tenantId, run.id)).toMatchObject({ caseCount: 3, doneCount: 2 });
  });

  it("takes no result over a document that was erased and put again under its name, nor of a case that went with it", async () => {
    const { tenantId, store, evaluations, load, manual } = await prepare();
    const { run } = await begin(tenantId);
    await store.documents.erase(tenantId, manual, testBy);
    await load("manual.md");
    const gone = { code: "conflict", retryable: false };
    await expect(evaluations.addResult(tenantId, run.id, result("c", 2, { documentIds: [manual] }))).rejects.toMatchObject(gone);
    await expect(evaluations.addResult(tenantId, run.id, result("a", 0))).rejects.toMatchObject(gone);
    expect(await evaluations.resultMetrics(tenantId, run.id)).toEqual([]);
  });

  it("keeps the cases of a dataset that is put again as it is, while results over them come in", async () => {
    const { tenantId, collectionId, evaluations, cases } = await prepare();
    const { run } = await begin(tenantId);
    const outcomes = await Promise.allSettled(
      ["a", "b", "c", "a", "b", "c", "a", "b", "c"].flatMap((id, at) => [
        evaluations.putDataset(tenantId, { name: "set", collectionId, cases: at % 2 === 1 ? cases.toReversed() : cases, by: testBy }),
        evaluations.addResult(tenantId, run.id, result(id, at % 3)),
      ]),
    );
    expect(outcomes.filter(({ status }) => status === "rejected")).toEqual([]);
    await evaluations.putDataset(tenantId, { name: "set", collectionId, cases, by: testBy });
    expect(await evaluations.cases(tenantId, "set", { split: "test" })).toEqual(cases.slice(0, 3).map(({ body }) => body));
  });
});

it("redaction keeps every length, and leaves a result without the document as it is", () => {
  const body = bodyOf("a");
  const redacted = redactResult(body, "manual.md");
  expect(redacted.answer.text).toHaveLength(body.answer.text.length);
  expect(redacted.answer.contexts.map(({ text }) => text.length)).toEqual(body.answer.contexts.map(({ text }) => text.length));
  expect(redactResult(body, "absent.md")).toEqual(body);
  expect(redactResult(body, "third.md").answer.text).toBe(body.answer.text);
});
