import { type CollectionId, newId, pipelineSpecSchema, type TenantId } from "@footnote/core";
import { caseHash, type EvalTarget, readEvalCases, type TargetAnswer } from "@footnote/evaluation";
import type { EvaluationWork } from "@footnote/jobs";
import { openTestStore, type TestStore } from "@footnote/storage/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createEvaluationWorkflow } from "./evaluation-workflow.ts";

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
const chunk = { documentId: "doc", versionId: "ver", start: 0, end: text.length, text };

/** Cites the first sentence to everything. */
function scripted(changes: Partial<EvalTarget> = {}): EvalTarget & { asked: string[] } {
  const asked: string[] = [];
  const quote = text.slice(0, 23);
  return {
    pipeline: "default",
    pipelineHash: "h",
    corpus: "c",
    asked,
    async ask({ question }): Promise<TargetAnswer> {
      asked.push(question);
      const span = { start: 0, end: quote.length };
      const source = { documentId: "doc", versionId: "ver" };
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
  const { id: tenantId } = await store.routing.createTenant({ name: "test" });
  const { collection } = await store.collections.put(tenantId, { name: "main", settings: { pipeline } });
  const blob = await store.blobs.put({ tenantId, bytes: Buffer.from(text) });
  const document = { collectionId: collection.id, externalId: "manual.md", ...blob, mediaType: "text/plain" };
  const put = await store.documents.put(tenantId, document);
  const cases = readEvalCases(
    ["a", "b", "c"]
      .map(
        (id) =>
          `${JSON.stringify({ id, question: `${id}?`, answerable: true, tags: ["t"], spans: [{ document: "manual.md", quote: "every 90 days" }] })}\n`,
      )
      .join(""),
  );
  const rows = cases.map((one) => ({ id: one.id, split: one.split, documents: ["manual.md"], sha256: caseHash(one), body: one }));
  await store.evaluations.putDataset(tenantId, { name: "set", collectionId: collection.id, cases: rows });
  const { run } = await store.evaluations.createRun(tenantId, { dataset: "set", split: "test", pipeline: "default", pipelineHash: "h" });
  return { store, tenantId, collectionId: collection.id, documentId: put.document.id, runId: run.id };
}

function workflow(target: EvalTarget, seen: { corpus: (string | null)[]; closed: number } = { corpus: [], closed: 0 }) {
  return createEvaluationWorkflow({
    store: opened.store,
    judges: {},
    async targetFor({ corpus }: { tenantId: TenantId; collectionId: CollectionId; corpus: string | null }) {
      seen.corpus.push(corpus);
      return { target, close: () => void (seen.closed += 1) };
    },
  });
}
const work = (changes: Pick<EvaluationWork, "tenantId" | "runId"> & Partial<EvaluationWork>): EvaluationWork => ({
  signal: new AbortController().signal,
  progress: async () => {},
  isOver: () => false,
  ...changes,
});

it("keeps each result as it comes, hands over when its time is over, and goes on where it stood", async () => {
  const { store, tenantId, runId } = await prepare();
  const target = scripted();
  const seen = { corpus: [] as (string | null)[], closed: 0 };
  const shares: number[] = [];
  const attempt = () =>
    workflow(target, seen)(work({ tenantId, runId, isOver: () => true, progress: async (share) => void shares.push(share) }));
  expect([await attempt(), await attempt(), await attempt()]).toEqual(["more", "more", "done"]);
  expect(target.asked).toEqual(["a?", "b?", "c?"]);
  expect(shares).toEqual([1 / 3, 2 / 3, 1]);
  // The documents as the first try saw them are those of the run.
  expect(seen).toEqual({ corpus: [null, "c", "c"], closed: 3 });
  const run = await store.evaluations.getRun(tenantId, runId);
  expect(run).toMatchObject({ state: "succeeded", doneCount: 3, corpus: "c", judges: ["stated@1"] });
  expect(run?.summary).toContainEqual({ metric: "gold-first", slice: "t", mean: 1, low: 1, high: 1, count: 3 });
  expect((await store.evaluations.results(tenantId, runId))[0]).toMatchObject({
    documents: ["manual.md"],
    body: { gold: [{ start: 9, end: 22 }] },
  });
});

it("goes on after a kill in the middle without asking again", async () => {
  const { tenantId, runId } = await prepare();
  const stop = new AbortController();
  const first = scripted();
  const killed = {
    ...first,
    ask: async (request: Parameters<EvalTarget["ask"]>[0]) => (request.question === "b?" && stop.abort(), first.ask(request)),
  };
  await expect(workflow(killed)(work({ tenantId, runId, signal: stop.signal }))).rejects.toMatchObject({ code: "cancelled" });
  const second = scripted();
  expect(await workflow(second)(work({ tenantId, runId }))).toBe("done");
  expect(second.asked).toEqual(["b?", "c?"]);
});

it("ends for good when the pipeline was changed, a document was deleted or the run is unknown", async () => {
  const { store, tenantId, runId, documentId } = await prepare();
  const other = workflow(scripted({ pipelineHash: "other" }))(work({ tenantId, runId }));
  await expect(other).rejects.toMatchObject({ code: "conflict", retryable: false });
  await store.documents.requestDeletion(tenantId, documentId);
  await expect(workflow(scripted())(work({ tenantId, runId }))).rejects.toMatchObject({ code: "conflict", retryable: false });
  await expect(workflow(scripted())(work({ tenantId, runId: newId("run") }))).rejects.toMatchObject({
    code: "not_found",
    retryable: false,
  });
});

it("refuses questions that were replaced while the run was cancelled", async () => {
  const { store, tenantId, collectionId, runId } = await prepare();
  expect(await workflow(scripted())(work({ tenantId, runId, isOver: () => true }))).toBe("more");
  const run = await store.evaluations.getRun(tenantId, runId);
  if (!run) throw new Error("the run was not stored");
  await store.jobs.cancel(tenantId, run.jobId);
  const body = { id: "z", question: "z?", answerable: true, tags: ["t"], spans: [{ document: "manual.md", quote: "Never use vinegar." }] };
  const cases = readEvalCases(JSON.stringify(body)).map((one) => ({ ...one, documents: ["manual.md"], sha256: caseHash(one), body: one }));
  await store.evaluations.putDataset(tenantId, { name: "set", collectionId, cases });
  const target = scripted();
  await expect(workflow(target)(work({ tenantId, runId }))).rejects.toMatchObject({ code: "conflict", retryable: false });
  expect(target.asked).toEqual([]);
});

it("refuses a result that somebody else wrote in another form", async () => {
  const { store, tenantId, runId } = await prepare();
  await store.evaluations.setUnder(tenantId, runId, { corpus: "c", judges: ["stated@1"] });
  const answer = { text: "", sentences: [], contexts: [], ranking: [] };
  const foreign = { caseId: "a", ordinal: 0, tags: [], documents: [], metrics: {}, body: { case: { id: "a", spans: [] }, answer } };
  await store.evaluations.addResult(tenantId, runId, foreign);
  await expect(workflow(scripted())(work({ tenantId, runId }))).rejects.toMatchObject({ code: "storage_failed" });
});
