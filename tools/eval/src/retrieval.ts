import { basename } from "node:path";
import { chunkDocument } from "@footnote/chunking";
import {
  canonicalText,
  type Chunker,
  type ChunkerSpec,
  type CollectionId,
  type DocumentId,
  documentOpening,
  type Embedder,
  FootnoteError,
  indexedInput,
  indexHash,
  type ParsedDocument,
  type PipelineSpec,
  type Reranker,
  sha256,
  type TenantId,
  throwIfAborted,
} from "@footnote/core";
import { readBundledWords } from "@footnote/embedding";
import { type BeirDocument, readBeirCorpus, readBeirQueries } from "@footnote/evaluation/datasets";
import { type RankedQuery, type RetrievalReport, scoreRun, summarizeRun } from "@footnote/evaluation/reports";
import { quantile } from "@footnote/evaluation/statistics";
import { createAnalyzer, createRetriever } from "@footnote/retrieval";
import type { Store } from "@footnote/storage";
import { byLaboratory } from "./laboratory.ts";

export interface RetrievalEvaluationOptions {
  /** In BEIR's layout: corpus.jsonl, queries.jsonl, qrels/<split>.tsv. */
  folder: string;
  /** Default `test`. */
  split?: string;
  /** At least one; all with the same `index` part. The first is what the others are compared with. */
  pipelines: readonly PipelineSpec[];
  store: Store;
  embedder: Embedder;
  chunkerFor(strategy: ChunkerSpec["strategy"]): Chunker;
  rerankers?: readonly Reranker[];
  /** Whether token vectors are stored. Default: where the embedder makes them. */
  tokenVectors?: boolean;
  /** Only the first so many queries. */
  limit?: number;
  /** Told about progress, a line at a time. */
  log?(line: string): void;
  signal?: AbortSignal;
}

/** Chunks asked of the retriever per query: as many as the shipped pipelines take from a leg. */
const depth = 100;
const batchSize = 32;
const rowsAtOnce = 8;

/**
 * Puts a BEIR folder into a fresh tenant through the store's own write path (a row is one document) and scores each pipeline
 * by the documents of its hits, in the order of their best chunks.
 */
export async function evaluateRetrieval(options: RetrievalEvaluationOptions): Promise<RetrievalReport> {
  const { folder, split = "test", pipelines, store, embedder, rerankers = [], log = () => {}, signal } = options;
  const [first] = pipelines;
  if (!first) throw new FootnoteError("invalid_request", "No pipeline was named; name at least one.");
  const other = pipelines.find((spec) => indexHash(spec) !== indexHash(first));
  if (other) {
    throw new FootnoteError(
      "pipeline_incompatible",
      `Pipelines ${first.name} and ${other.name} are indexed differently; evaluate them one by one.`,
    );
  }
  const dataset = basename(folder);
  const { queries: all, relevance } = await readBeirQueries(folder, split);
  const queries = all.slice(0, options.limit ?? all.length);

  const tenant = await store.routing.createTenant({ name: `Evaluation of ${dataset}`, by: byLaboratory });
  const { collection } = await store.collections.put(tenant.id, { name: "evaluation", settings: { pipeline: first }, by: byLaboratory });
  const rows = new Map<DocumentId, string>();
  let chunkCount = 0;
  const write = createRowWriter({ ...options, tenantId: tenant.id, collectionId: collection.id, spec: first });
  const began = performance.now();
  const take = async (row: BeirDocument) => {
    const written = await write(row);
    if (!written) {
      log(`${dataset}: row ${row.id} holds no text and is left out`);
      return;
    }
    rows.set(written.documentId, row.id);
    chunkCount += written.chunks;
    if (rows.size % 500 === 0) log(`${dataset}: ${rows.size} documents, ${chunkCount} chunks, ${seconds(began)} s`);
  };
  // Several at once: one is embedded while another is stored.
  let batch: BeirDocument[] = [];
  for await (const row of readBeirCorpus(folder)) {
    throwIfAborted(signal);
    batch.push(row);
    if (batch.length < rowsAtOnce) continue;
    await Promise.all(batch.map(take));
    batch = [];
  }
  await Promise.all(batch.map(take));
  await store.maintainIndex(tenant.id);
  log(`${dataset}: indexed ${rows.size} documents as ${chunkCount} chunks in ${seconds(began)} s`);

  const retriever = createRetriever({
    embedderFor: () => embedder,
    lexical: store.lexical,
    dense: store.dense,
    chunks: store.chunks,
    vectors: store.vectors,
    isWord: readBundledWords(),
    rerankers,
  });
  const report: RetrievalReport = { dataset, split, documents: rows.size, chunks: chunkCount, queries: queries.length, pipelines: [] };
  for (const spec of pipelines) {
    const run: RankedQuery[] = [];
    const latencies: number[] = [];
    const reasons = new Set<string>();
    let degradedQueries = 0;
    for (const query of queries) {
      const { hits, timings, degraded } = await retriever.search({
        tenantId: tenant.id,
        collectionId: collection.id,
        spec,
        query: query.text,
        limit: depth,
        ...(signal ? { signal } : {}),
      });
      const ranking = new Set<string>();
      for (const { chunk } of hits) ranking.add(rows.get(chunk.documentId) ?? chunk.documentId);
      run.push({ queryId: query.id, ranking: [...ranking] });
      latencies.push(timings["search"] ?? 0);
      if (degraded.length > 0) degradedQueries += 1;
      for (const { step, reason } of degraded) reasons.add(`${step}: ${reason}`);
    }
    for (const reason of reasons) log(`${dataset}: ${spec.name} was degraded: ${reason}`);
    latencies.sort((a, b) => a - b);
    const baseline = report.pipelines[0]?.perQuery;
    report.pipelines.push(
      summarizeRun({
        pipeline: spec.name,
        perQuery: scoreRun(run, relevance),
        degradedQueries,
        latencyMs: { median: quantile(latencies, 0.5), p95: quantile(latencies, 0.95) },
        ...(baseline ? { baseline } : {}),
      }),
    );
    log(`${dataset}: ${spec.name} done after ${seconds(began)} s`);
  }
  return report;
}

const seconds = (began: number) => ((performance.now() - began) / 1000).toFixed(0);

export interface RowWriterOptions {
  store: Store;
  embedder: Embedder;
  /** Of the spec's further spaces. Default: none. */
  furtherEmbedders?: readonly Embedder[];
  chunkerFor(strategy: ChunkerSpec["strategy"]): Chunker;
  /** Whether token vectors are stored. Default: where the embedder makes them. */
  tokenVectors?: boolean;
  tenantId: TenantId;
  collectionId: CollectionId;
  spec: PipelineSpec;
  signal?: AbortSignal;
}

/** Writes rows as the worker writes documents: parsed, chunked, embedded in every space of the spec, published. Null for a row without text. */
export function createRowWriter(
  options: RowWriterOptions,
): (row: BeirDocument) => Promise<{ documentId: DocumentId; chunks: number } | null> {
  const { store, embedder, furtherEmbedders = [], tenantId, collectionId, spec, signal } = options;
  const { tokenVectors = embedder.capabilities.tokenVectors } = options;
  const chunker = options.chunkerFor(spec.index.chunker.strategy);
  const analyzer = createAnalyzer(spec.index.analyzer);
  const aborted = signal ? { signal } : {};
  return async (row) => {
    const parsed = parsedRow(row, spec.index.analyzer.language);
    if (!parsed) return null;
    const bytes = Buffer.from(parsed.text);
    const { sha256: digest } = await store.blobs.put({ tenantId, bytes });
    const { document, version } = await store.documents.put(tenantId, {
      collectionId,
      externalId: row.id,
      sha256: digest,
      sizeBytes: bytes.length,
      mediaType: parsed.mediaType,
      ...(parsed.title ? { title: parsed.title } : {}),
      by: byLaboratory,
    });
    await store.versions.saveParsed(tenantId, version.id, parsed);
    const drafts = await chunkDocument({ chunker, request: { document: parsed, spec: spec.index.chunker }, embedder, ...aborted });
    const opening = spec.index.context.opening ? documentOpening(parsed) : null;
    const inputs = new Map<string, string>();
    const lexicalInputs: string[] = [];
    await store.versions.saveChunks(
      tenantId,
      version.id,
      drafts.map((draft) => {
        const context = { title: parsed.title, headingPath: draft.headingPath, opening, context: spec.index.context };
        const wide = draft.contextSpan ? parsed.text.slice(draft.contextSpan.start, draft.contextSpan.end) : draft.text;
        const input = indexedInput({ ...context, text: wide });
        const inputSha256 = sha256(input);
        inputs.set(inputSha256, input);
        lexicalInputs.push(indexedInput({ ...context, text: draft.text }));
        return { draft, inputSha256 };
      }),
    );
    for (const each of [embedder, ...furtherEmbedders]) {
      const space = each.space.id;
      const wanted = tokenVectors && each.capabilities.tokenVectors && each === embedder;
      for (;;) {
        const pending = await store.versions.pendingChunks(tenantId, version.id, space, batchSize);
        if (pending.length === 0) break;
        const texts = pending.map(({ inputSha256 }) => inputs.get(inputSha256) ?? "");
        const embeddings = await each.embed({ texts, purpose: "passage", tokenVectors: wanted, ...aborted });
        const vectors = pending.flatMap(({ chunkId, inputSha256 }, index) => {
          const made = embeddings[index];
          if (!made) return [];
          return [
            { chunkId, inputSha256, vector: made.vector, ...(wanted && made.tokenVectors ? { tokenVectors: made.tokenVectors } : {}) },
          ];
        });
        if (vectors.length < pending.length) {
          throw new FootnoteError("embedding_failed", `The embedder left out a text of row ${row.id}; try again.`);
        }
        await store.writers.vectors(space).write({ tenantId, versionId: version.id, entries: vectors });
      }
    }
    const unindexed = await store.versions.pendingChunks(tenantId, version.id, null, drafts.length);
    const entries = unindexed.map(({ chunkId, ordinal }) => ({ chunkId, analyzed: analyzer.analyze(lexicalInputs[ordinal] ?? "") }));
    await store.writers.lexical.write({ tenantId, versionId: version.id, entries });
    await store.versions.publish(
      tenantId,
      version.id,
      [embedder, ...furtherEmbedders].map(({ space }) => space.id),
    );
    return { documentId: document.id, chunks: drafts.length };
  };
}

/** A row as a parser would give it: paragraphs between blank lines. A row with a title only is that title; null without any text. */
export function parsedRow(row: BeirDocument, language: string): ParsedDocument | null {
  const title = canonicalText(row.title).replace(/\s+/gu, " ").trim();
  const body = canonicalText(row.text);
  const text = body.trim() === "" ? title : body;
  if (text === "") return null;
  const blocks: ParsedDocument["blocks"] = [];
  let start = -1;
  let end = 0;
  let at = 0;
  const close = () => {
    if (start >= 0) blocks.push({ kind: "paragraph", start, end, headingPath: [] });
    start = -1;
  };
  for (const line of text.split("\n")) {
    const trimmed = line.trim();
    if (trimmed === "") close();
    else {
      if (start < 0) start = at + line.indexOf(trimmed);
      end = at + line.indexOf(trimmed) + trimmed.length;
    }
    at += line.length + 1;
  }
  close();
  return { title: title === "" ? null : title, mediaType: "text/plain", language, text, blocks, pages: [], warnings: [] };
}
