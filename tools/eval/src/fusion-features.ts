import {
  type ChunkerSpec,
  type Chunker,
  type Embedder,
  FootnoteError,
  type PipelineSpec,
  type Reranker,
  type ScoredChunk,
  throwIfAborted,
} from "@footnote/core";
import type { BeirDocument, BeirQuery, Relevance } from "@footnote/evaluation/datasets";
import { boundOf, createAnalyzer, createRetriever, learnedFeatures, normalizeQuery } from "@footnote/retrieval";
import type { Store } from "@footnote/storage";
import { createRowWriter } from "./retrieval.ts";
import { byLaboratory } from "./laboratory.ts";

/** What learned fusion would see of one query, with the truth beside it. */
export interface CollectedQuery {
  id: string;
  /** Rows of the set, one for each candidate chunk, in fused order. */
  rows: string[];
  features: Record<string, (number | null)[]>;
  /** All judged rows with their grades. */
  relevance: Record<string, number>;
}

export interface CollectOptions {
  name: string;
  documents: AsyncIterable<BeirDocument> | Iterable<BeirDocument>;
  queries: readonly BeirQuery[];
  relevance: ReadonlyMap<string, Relevance>;
  spec: PipelineSpec;
  store: Store;
  embedder: Embedder;
  chunkerFor(strategy: ChunkerSpec["strategy"]): Chunker;
  rerankers: readonly Reranker[];
  /** Names of the rerankers to read. */
  signals: readonly string[];
  candidates: number;
  log(line: string): void;
  signal: AbortSignal;
}

/** Puts the rows through the store's own write path, asks every query, and keeps the features of the best candidates. */
export async function collectFusionFeatures(options: CollectOptions): Promise<CollectedQuery[]> {
  const { name, documents, queries, relevance, spec, store, embedder, rerankers, signals, log, signal } = options;
  const tenant = await store.routing.createTenant({ name: `Features of ${name}`, by: byLaboratory });
  const { collection } = await store.collections.put(tenant.id, { name: "features", settings: { pipeline: spec }, by: byLaboratory });
  const write = createRowWriter({
    ...options,
    tokenVectors: true,
    tenantId: tenant.id,
    collectionId: collection.id,
  });
  const rows = new Map<string, string>();
  for await (const row of documents) {
    throwIfAborted(signal);
    const written = await write(row);
    if (written) rows.set(written.documentId, row.id);
    if (rows.size % 500 === 0) log(`${name}: ${rows.size} documents`);
  }
  await store.maintainIndex(tenant.id);
  const retriever = createRetriever({
    embedderFor: () => embedder,
    lexical: store.lexical,
    dense: store.dense,
    chunks: store.chunks,
    rerankers,
  });
  const analyzer = createAnalyzer(spec.index.analyzer);
  const collected: CollectedQuery[] = [];
  for (const { id, text } of queries) {
    const { hits, trace, degraded } = await retriever.search({
      tenantId: tenant.id,
      collectionId: collection.id,
      spec: { ...spec, reranker: { type: "none" } },
      query: text,
      limit: options.candidates,
      signal,
    });
    if (degraded.length > 0)
      throw new FootnoteError("rerank_failed", `A query of ${name} was degraded, so nothing can be fitted on it; run it again.`);
    const resultsOf = (leg: "dense" | "lexical"): readonly ScoredChunk[] => trace?.legs.find((found) => found.leg === leg)?.results ?? [];
    const candidates = hits.slice(0, options.candidates);
    const { features, failed } = await learnedFeatures({
      tenantId: tenant.id,
      query: normalizeQuery(text),
      hits: candidates,
      analyzer,
      missing: {
        dense: boundOf({ results: resultsOf("dense"), limit: spec.candidates.dense }),
        lexical: boundOf({ results: resultsOf("lexical"), limit: spec.candidates.lexical }),
      },
      rerankers,
      signals,
      signal,
    });
    if (failed[0]) throw failed[0];
    collected.push({
      id,
      rows: candidates.map(({ chunk }) => rows.get(chunk.documentId) ?? chunk.documentId),
      features,
      relevance: Object.fromEntries(relevance.get(id) ?? []),
    });
    if (collected.length % 100 === 0) log(`${name}: ${collected.length} of ${queries.length} queries`);
  }
  return collected;
}
