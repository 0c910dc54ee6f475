import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createChunker } from "@footnote/chunking";
import type { PipelineSpec, Reranker } from "@footnote/core";
import { createFakeEmbedder } from "@footnote/core/testing";
import { pipelines } from "@footnote/retrieval";
import { openStore, type Store } from "@footnote/storage";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evaluateRetrieval } from "./retrieval.ts";

const embedder = createFakeEmbedder({ id: pipelines.default.index.space, dimensions: 64 });
const rows = [
  {
    _id: "espresso",
    title: "Espresso machine",
    text: "Descale it every 90 days.\n\n  The boiler lasts seven years.\n\nIt weighs 14,5 kg.",
  },
  { _id: "parking", title: "", text: "Visitors park behind the building." },
  { _id: "title-only", title: "Lunch menu", text: " \n" },
  { _id: "empty", title: "", text: "" },
];
let root = "";
let folder = "";
let store: Store;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "footnote-eval-test-"));
  folder = join(root, "tiny");
  await mkdir(join(folder, "qrels"), { recursive: true });
  await writeFile(join(folder, "corpus.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"));
  const queries = { q1: "When is the espresso machine descaled?", q2: "Where do visitors park?", q3: "lunch menu", q4: "boiler years" };
  const lines = Object.entries(queries).map(([_id, text]) => JSON.stringify({ _id, text }));
  await writeFile(join(folder, "queries.jsonl"), lines.join("\n"));
  await writeFile(
    join(folder, "qrels", "test.tsv"),
    "query-id\tcorpus-id\tscore\nq1\tespresso\t1\nq2\tparking\t1\nq3\ttitle-only\t1\nq4\tespresso\t2\n",
  );
  ({ store } = await openStore({
    dataDir: join(root, "data"),
    spaces: [{ id: embedder.space.id, dimensions: 64, tokenVectors: true }],
  }));
});
afterAll(async () => {
  await store.close();
  await rm(root, { recursive: true, force: true });
});

const both: PipelineSpec[] = [pipelines.default, pipelines["hybrid-rrf-rerank"]];
/** Prefers long chunks: only to see that reranking and stored token vectors take part. */
const reranker = (): Reranker => ({
  name: "late-interaction",
  capabilities: { maxCandidates: 50, needsTokenVectors: true },
  rerank: async ({ tenantId, candidates }) => {
    const chunkIds = candidates.map(({ chunk }) => chunk.id);
    const stored = await store.tokenVectors.read({ tenantId, space: embedder.space.id, chunkIds });
    return { scores: chunkIds.map((id) => stored.get(id)?.length ?? null) };
  },
});

describe("evaluateRetrieval", () => {
  it("puts rows through the store and scores both pipelines by documents", async () => {
    const lines: string[] = [];
    const report = await evaluateRetrieval({
      folder,
      pipelines: both,
      store,
      embedder,
      chunkerFor: createChunker,
      rerankers: [reranker()],
      log: (line) => void lines.push(line),
    });
    expect(report).toMatchObject({ dataset: "tiny", split: "test", documents: 3, queries: 4 });
    expect(report.chunks).toBeGreaterThanOrEqual(3);
    const [byDefault, hybrid] = report.pipelines;
    expect(byDefault?.metrics["ndcg@10"].mean).toBe(1);
    expect(byDefault).toMatchObject({ pipeline: "default", degradedQueries: 0 });
    expect(byDefault).not.toHaveProperty("ndcgDifference");
    expect(hybrid).toMatchObject({ pipeline: "hybrid-rrf-rerank", degradedQueries: 0 });
    expect(hybrid?.ndcgDifference?.count).toBe(4);
    expect(hybrid?.metrics["recall@10"].mean).toBe(1);
    expect(hybrid?.metrics["ndcg@10"].mean).toBeLessThan(1);
    expect(lines).toContain("tiny: row empty holds no text and is left out");
  });

  it("takes a limit, and says when a pipeline was degraded", async () => {
    const lines: string[] = [];
    const report = await evaluateRetrieval({
      folder,
      pipelines: [pipelines["hybrid-rrf-rerank"]],
      store,
      embedder,
      chunkerFor: createChunker,
      limit: 2,
      log: (line) => void lines.push(line),
    });
    expect(report.queries).toBe(2);
    expect(report.pipelines[0]?.degradedQueries).toBe(2);
    expect(lines.join("\n")).toMatch(/hybrid-rrf-rerank was degraded: rerank: configuration_invalid/u);
  });

  it("refuses pipelines that are indexed differently, and none at all", async () => {
    const other = {
      ...pipelines.default,
      name: "other",
      index: { ...pipelines.default.index, context: { title: false, headingPath: false, opening: false } },
    };
    const base = { folder, store, embedder, chunkerFor: createChunker };
    await expect(evaluateRetrieval({ ...base, pipelines: [pipelines.default, other] })).rejects.toMatchObject({
      code: "pipeline_incompatible",
    });
    await expect(evaluateRetrieval({ ...base, pipelines: [] })).rejects.toMatchObject({ code: "invalid_request" });
  });

  it("stops when the signal fires, and when the embedder leaves a text out", async () => {
    const base = { folder, store, chunkerFor: createChunker, pipelines: [pipelines.default] };
    await expect(evaluateRetrieval({ ...base, embedder, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "cancelled" });
    const silent = { ...embedder, embed: async () => [] };
    await expect(evaluateRetrieval({ ...base, embedder: silent })).rejects.toMatchObject({ code: "embedding_failed" });
  });
});
