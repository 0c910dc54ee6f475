import { type EvaluationWork, newId, pipelineSpecSchema } from "@footnote/core";
import { caseHash, type EvalTarget, readEvalCases, type TargetAnswer } from "@footnote/evaluation";
import { openTestStore, type TestStore } from "@footnote/storage/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { evaluateRun } from "./evaluate-run.ts";
import { testBy } from "@footnote/storage/testing";

let opened: TestStore;
beforeAll(async () => {
  opened = await openTestStore("pglite");
});
afterAll(() => opened.close());

const pipeline = pipelineSpecSchema.parse({
  name: "default",
  version: 1,
  index: {
    chunker: { strategy: "recursive", maxTokens: 128, overlapTokens: 0 },
    space: "fake_64",
    context: { title: false, headingPath: false },
    analyzer: { language: "en", version: 1 },
  },
  candidates: { dense: 10, lexical: 10 },
  fusion: { type: "rrf", k: 60 },
  reranker: { type: "none" },
  topK: 5,
  packing: { strategy: "none", maxTokens: 1000 },
  answer: { model: "x", prompt: "p", maxSentences: 3, minSupport: 0.5, caps: { modelCalls: 1, tokens: 1000, wallClockMs: 1000, usd: 0 } },
});
const text = "Clean it every 90 days. Never use vinegar.";

/** Cites the first sentence of a document to everything. */
function scripted(documentId: string, changes: Partial<EvalTarget> = {}): EvalTarget & { asked: string[] } {
  const asked: string[] = [];
  const quote = text.slice(0, 23);
  const chunk = { documentId, versionId: "ver", start: 0, end: text.length, text };
  return {
    pipeline: "default",
    pipelineHash: "h",
    corpus: "c",
    asked,
    async ask({ question }): Promise<TargetAnswer> {
      asked.push(question);
      const span = { start: 0, end: quote.length };
      const source = { documentId, versionId: "ver" };
      return {
        text: quote,
        finishReason: "stop",
        citations: [{ answerSpan: span, sourceSpan: span, quote, verification: "exact", source }],
        claims: [{ answerSpan: span, support: "supported" }],
        sources: [{ chunk }],
        cost: { total: 0 },
        degraded: [],
      };
    },
    search: async () => ({ hits: [{ chunk }] }),
    readVersion: async () => ({ externalId: "manual.md", text }),
    readDocument: async ({ externalId }) => (externalId === "manual.md" ? text : null),
    ...changes,
  };
}

async function prepare() {
  const { store } = opened;
  const { id: tenantId } = await store.routing.createTenant({ name: "test", by: testBy });
  const { collection } = await store.collections.put(tenantId, { name: "main", settings: { pipeline }, by: testBy });
  const blob = await store.blobs.put({ tenantId, bytes: Buffer.from(text) });
  const document = { collectionId: collection.id, externalId: "manual.md", ...blob, mediaType: "text/plain" };
  const put = await store.documents.put(tenantId, { ...document, by: testBy });
  const cases = readEvalCases(
    ["a", "b", "c"]
      .map(
        (id) =>
          `${JSON.stringify({ id, question: `${id}?`, answerable: true, tags: ["t"], spans: [{ document: "manual.md", quote: "every 90 days" }] })}\n`,
      )
      .join(""),
  );
  const rows = cases.map((one) => ({ id: one.id, split: one.split, documents: ["manual.md"], sha256: caseHash(one), body: one }));
  await store.evaluations.putDataset(tenantId, { name: "set", collectionId: collection.id, cases: rows, by: testBy });
  const keyId = newId("key");
  const request = {
    dataset: "set",
    split: "test",
    pipeline: "default",
    pipelineHash: "h",
    by: { actor: { type: "key" as const, id: keyId } },
  };
  const { run } = await store.evaluations.createRun(tenantId, request);
  return { store, tenantId, collectionId: collection.id, documentId: put.document.id, runId: run.id, keyId };
}

interface Seen {
  corpus: (string | null)[];
  keys: (string | null)[];
}
/** `now`: the hash of the documents as they are. */
function workflow(target: EvalTarget, { now = "c", seen = { corpus: [], keys: [] } }: { now?: string; seen?: Seen } = {}) {
  return (turn: EvaluationWork) =>
    evaluateRun(
      {
        store: opened.store,
        judges: {},
        async targetFor({ actor }, corpus) {
          seen.corpus.push(corpus);
          seen.keys.push(actor?.id ?? null);
          return { ...target, corpus: corpus ?? now };
        },
      },
      turn,
    );
}
const work = (changes: Pick<EvaluationWork, "tenantId" | "runId"> & Partial<EvaluationWork>): EvaluationWork => ({
  signal: new AbortController().signal,
  progress: async () => {},
  isOver: () => false,
  ...changes,
});

it("keeps each result as it comes, hands over when its time is over, and goes on where it stood", async () => {
  const { store, tenantId, runId, documentId, keyId } = await prepare();
  const target = scripted(documentId);
  const seen: Seen = { corpus: [], keys: [] };
  const shares: number[] = [];
  const attempt = () =>
    workflow(target, { seen })(work({ tenantId, runId, isOver: () => true, progress: async (share) => void shares.push(share) }));
  expect([await attempt(), await attempt(), await attempt()]).toEqual(["more", "more", "done"]);
  expect(target.asked).toEqual(["a?", "b?", "c?"]);
  expect(shares).toEqual([1 / 3, 2 / 3, 1]);
  // The documents as the first try saw them are those of the run; at the end they are looked at again. All of it is that key's.
  expect(seen).toEqual({ corpus: [null, "c", "c", null], keys: [keyId, keyId, keyId, keyId] });
  const run = await store.evaluations.getRun(tenantId, runId);
  expect(run).toMatchObject({ state: "succeeded", doneCount: 3, corpus: "c", judges: ["stated@1"], documentsChanged: false });
  expect(run?.summary).toContainEqual({ metric: "gold-first", slice: "t", mean: 1, low: 1, high: 1, count: 3 });
  expect((await store.evaluations.listResults(tenantId, runId, {})).data[0]).toMatchObject({
    documents: ["manual.md"],
    body: { gold: [{ start: 9, end: 22 }] },
  });
});

it("goes on after a kill in the middle without asking again", async () => {
  const { tenantId, runId, documentId } = await prepare();
  const stop = new AbortController();
  const first = scripted(documentId);
  const killed = {
    ...first,
    ask: async (request: Parameters<EvalTarget["ask"]>[0]) => (request.question === "b?" && stop.abort(), first.ask(request)),
  };
  await expect(workflow(killed)(work({ tenantId, runId, signal: stop.signal }))).rejects.toMatchObject({ code: "cancelled" });
  const second = scripted(documentId);
  expect(await workflow(second)(work({ tenantId, runId }))).toBe("done");
  expect(second.asked).toEqual(["b?", "c?"]);
});

it("ends for good when the pipeline was changed, a document was deleted or the run is unknown", async () => {
  const { store, tenantId, runId, documentId } = await prepare();
  const other = workflow(scripted(documentId, { pipelineHash: "other" }))(work({ tenantId, runId }));
  await expect(other).rejects.toMatchObject({ code: "conflict", retryable: false });
  await store.documents.requestDeletion(tenantId, documentId, testBy);
  await expect(workflow(scripted(documentId))(work({ tenantId, runId }))).rejects.toMatchObject({ code: "conflict", retryable: false });
  await expect(workflow(scripted(documentId))(work({ tenantId, runId: newId("run") }))).rejects.toMatchObject({
    code: "not_found",
    retryable: false,
  });
});

it("refuses questions that were replaced while the run was cancelled", async () => {
  const { store, tenantId, collectionId, runId, documentId } = await prepare();
  expect(await workflow(scripted(documentId))(work({ tenantId, runId, isOver: () => true }))).toBe("more");
  const run = await store.evaluations.getRun(tenantId, runId);
  if (!run) throw new Error("the run was not stored");
  await store.jobs.cancel(tenantId, run.jobId, testBy);
  const body = { id: "z", question: "z?", answerable: true, tags: ["t"], spans: [{ document: "manual.md", quote: "Never use vinegar." }] };
  const cases = readEvalCases(JSON.stringify(body)).map((one) => ({ ...one, documents: ["manual.md"], sha256: caseHash(one), body: one }));
  await store.evaluations.putDataset(tenantId, { name: "set", collectionId, cases, by: testBy });
  const target = scripted(documentId);
  await expect(workflow(target)(work({ tenantId, runId }))).rejects.toMatchObject({ code: "conflict", retryable: false });
  expect(target.asked).toEqual([]);
});

it("says when the documents at its end are others than at its beginning", async () => {
  const { store, tenantId, runId, documentId } = await prepare();
  const target = scripted(documentId);
  expect(await workflow(target)(work({ tenantId, runId, isOver: () => true }))).toBe("more");
  expect(await workflow(target, { now: "d" })(work({ tenantId, runId }))).toBe("done");
  expect(target.asked).toEqual(["a?", "b?", "c?"]);
  expect(await store.evaluations.getRun(tenantId, runId)).toMatchObject({ corpus: "c", documentsChanged: true });
});

it("finishes a run that was killed after its last result, without asking anything", async () => {
  const { store, tenantId, runId, documentId } = await prepare();
  const stop = new AbortController();
  const progress = async (share: number) => void (share === 1 && stop.abort());
  const first = workflow(scripted(documentId))(work({ tenantId, runId, signal: stop.signal, progress }));
  await expect(first).rejects.toMatchObject({ code: "cancelled" });
  expect(await store.evaluations.getRun(tenantId, runId)).toMatchObject({ doneCount: 3, summary: null });
  const target = scripted(documentId);
  expect(await workflow(target)(work({ tenantId, runId }))).toBe("done");
  expect(target.asked).toEqual([]);
  const summary = (await store.evaluations.getRun(tenantId, runId))?.summary;
  expect(summary).toContainEqual({ metric: "gold-first", slice: "t", mean: 1, low: 1, high: 1, count: 3 });
});

it("keeps no result over a document that was erased and put again while it was asked", async () => {
  const { store, tenantId, collectionId, runId, documentId } = await prepare();
  const base = scripted(documentId);
  const target: EvalTarget = {
    ...base,
    async search(request) {
      await store.documents.erase(tenantId, documentId, testBy);
      const blob = await store.blobs.put({ tenantId, bytes: Buffer.from("New.") });
      await store.documents.put(tenantId, { collectionId, externalId: "manual.md", ...blob, mediaType: "text/plain", by: testBy });
      return base.search(request);
    },
  };
  await expect(workflow(target)(work({ tenantId, runId }))).rejects.toMatchObject({ code: "conflict", retryable: false });
  expect(await store.evaluations.resultMetrics(tenantId, runId)).toEqual([]);
});
