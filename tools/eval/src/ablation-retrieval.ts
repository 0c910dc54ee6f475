import { createReadStream } from "node:fs";
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createChunker } from "@footnote/chunking";
import {
  type CollectionId,
  createUsageMeter,
  type DocumentId,
  type Embedder,
  indexedSpaces,
  indexHash,
  type LanguageModel,
  pipelineHash,
  type PipelineSpec,
  type Reranker,
  searchedSpace,
  type TenantId,
  throwIfAborted,
  totalCost,
} from "@footnote/core";
import { readBundledWords } from "@footnote/embedding";
import { readBeirCorpus, readBeirQueries } from "@footnote/evaluation/datasets";
import { scoreRun } from "@footnote/evaluation/reports";
import { createRetriever, type Retriever } from "@footnote/retrieval";
import { type EmbeddingSpaceDefinition, openStore, type Store } from "@footnote/storage";
import type { AblationResult, AblationResults, ResultKey } from "./ablation-results.ts";
import type { AblationVariant } from "./ablation-variants.ts";
import { createRowWriter } from "./retrieval.ts";
import { byLaboratory } from "./laboratory.ts";

/** Chunks asked of the retriever per question. */
const depth = 100;
const rowsAtOnce = 8;

export interface RetrievalAblationOptions {
  /** In BEIR's layout. */
  folder: string;
  split: string;
  /** The reference first; it is asked beside every other that shares its index. */
  variants: readonly AblationVariant[];
  /** Of every space that a variant indexes. */
  embedders: readonly Embedder[];
  rerankersFor(store: Store): readonly Reranker[];
  modelNamed(tenantId: TenantId, name: string): LanguageModel | undefined;
  results: AblationResults;
  /** False: only what earlier runs measured. */
  measure: boolean;
  limit: number | null;
  commit: string | null;
  log(line: string): void;
  signal?: AbortSignal;
  /** A fresh store with these spaces. Default: an embedded one in a temporary folder. */
  openFreshStore?(spaces: EmbeddingSpaceDefinition[]): Promise<{ store: Store; close(): Promise<void> }>;
}

async function openTemporaryStore(spaces: EmbeddingSpaceDefinition[]): Promise<{ store: Store; close(): Promise<void> }> {
  const dataDir = await mkdtemp(join(tmpdir(), "footnote-ablation-"));
  const remove = () => rm(dataDir, { recursive: true, force: true });
  try {
    const { store } = await openStore({ dataDir, spaces });
    return {
      store,
      async close() {
        await store.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * Each variant on a set of questions with judged documents, through an embedded store: variants that are indexed alike share one. The
 * variants of an index answer each question one after the other, so that what else the machine does weighs on all of them alike.
 */
export async function ablateRetrieval(options: RetrievalAblationOptions): Promise<Map<string, AblationResult>> {
  const { folder, split, variants, results, limit, log, signal } = options;
  const dataset = basename(folder);
  const data = await hashOf([join(folder, "corpus.jsonl"), join(folder, "qrels", `${split}.tsv`)]);
  const keyOf = (spec: PipelineSpec): ResultKey => ({ dataset, split, spec, limit, data });
  const found = new Map<string, AblationResult>();
  const groups = new Map<string, AblationVariant[]>();
  for (const variant of variants) {
    const hash = indexHash(variant.spec);
    groups.set(hash, [...(groups.get(hash) ?? []), variant]);
  }
  for (const group of groups.values()) {
    const missing: AblationVariant[] = [];
    for (const variant of group) {
      const known = await results.get(keyOf(variant.spec));
      if (known) found.set(pipelineHash(variant.spec), known);
      else missing.push(variant);
    }
    const [first] = group;
    if (missing.length === 0 || !first || !options.measure) continue;
    throwIfAborted(signal);
    log(`${dataset} (${split}): ${missing.map(({ step, change }) => `${step}: ${change}`).join(" · ")}`);
    // The reference is asked again beside those that were not there when it was measured.
    const asked = missing.includes(first) ? missing : [first, ...missing];
    for (const [spec, result] of await measureGroup({ ...options, asked, dataset })) {
      if (!missing.some((variant) => variant.spec === spec)) continue;
      found.set(pipelineHash(spec), result);
      await results.put(keyOf(spec), result);
    }
  }
  return found;
}

type GroupOptions = RetrievalAblationOptions & { asked: readonly AblationVariant[]; dataset: string };

async function measureGroup(options: GroupOptions): Promise<Map<PipelineSpec, AblationResult>> {
  const { split, asked, dataset, embedders, commit } = options;
  const [first] = asked;
  if (!first) return new Map();
  const spaces = indexedSpaces(first.spec).map((id) => embedderOf(embedders, id));
  const tokenVectors = asked.some(({ spec }) => spec.reranker.type !== "none");
  const { openFreshStore = openTemporaryStore } = options;
  const { store, close } = await openFreshStore(
    spaces.map(({ space, capabilities }, at) => ({
      id: space.id,
      dimensions: space.dimensions,
      tokenVectors: at === 0 && tokenVectors && capabilities.tokenVectors,
    })),
  );
  try {
    const corpus = await indexCorpus(options, { store, spaces, spec: first.spec, tokenVectors });
    const { measured, relevance } = await askAll(options, { ...corpus, store, spaces });
    const besides = measured.get(first.spec);
    return new Map(
      [...measured].map(([spec, { run, milliseconds, usd, degraded }]): [PipelineSpec, AblationResult] => [
        spec,
        {
          dataset,
          split,
          pipelineHash: pipelineHash(spec),
          documents: corpus.rows.size,
          chunks: corpus.chunks,
          values: Object.fromEntries(scoreRun(run, relevance).map(({ queryId, values }) => [queryId, values])),
          milliseconds,
          ...(besides && first === options.variants[0] ? { baselineMilliseconds: besides.milliseconds } : {}),
          usd,
          degraded,
          commit,
        },
      ]),
    );
  } finally {
    await close();
  }
}

interface IndexedCorpus {
  tenantId: TenantId;
  collectionId: CollectionId;
  /** The corpus's id of each document. */
  rows: ReadonlyMap<DocumentId, string>;
  chunks: number;
}

async function indexCorpus(
  { folder, dataset, log, signal }: GroupOptions,
  { store, spaces, spec, tokenVectors }: { store: Store; spaces: readonly Embedder[]; spec: PipelineSpec; tokenVectors: boolean },
): Promise<IndexedCorpus> {
  const [main, ...further] = spaces;
  if (!main) throw new TypeError(`The pipeline ${spec.name} indexes no space.`);
  const tenant = await store.routing.createTenant({ name: `Ablation of ${dataset}`, by: byLaboratory });
  const { collection } = await store.collections.put(tenant.id, { name: "evaluation", settings: { pipeline: spec }, by: byLaboratory });
  const rows = new Map<DocumentId, string>();
  let chunks = 0;
  const write = createRowWriter({
    store,
    embedder: main,
    furtherEmbedders: further,
    chunkerFor: createChunker,
    tokenVectors: tokenVectors && main.capabilities.tokenVectors,
    tenantId: tenant.id,
    collectionId: collection.id,
    spec,
    ...(signal ? { signal } : {}),
  });
  const take = async (row: Parameters<typeof write>[0]) => {
    const written = await write(row);
    if (!written) return;
    rows.set(written.documentId, row.id);
    chunks += written.chunks;
    if (rows.size % 500 === 0) log(`${dataset}: ${rows.size} documents, ${chunks} chunks`);
  };
  let batch: Parameters<typeof write>[0][] = [];
  for await (const row of readBeirCorpus(folder)) {
    throwIfAborted(signal);
    batch.push(row);
    if (batch.length < rowsAtOnce) continue;
    await Promise.all(batch.map(take));
    batch = [];
  }
  await Promise.all(batch.map(take));
  await store.maintainIndex(tenant.id);
  log(`${dataset}: indexed ${rows.size} documents as ${chunks} chunks`);
  return { tenantId: tenant.id, collectionId: collection.id, rows, chunks };
}

interface Measured {
  run: { queryId: string; ranking: string[] }[];
  milliseconds: number[];
  usd: number;
  degraded: number;
}

async function askAll(
  { folder, split, asked, dataset, rerankersFor, modelNamed, limit, log, signal }: GroupOptions,
  { store, spaces, tenantId, collectionId, rows }: IndexedCorpus & { store: Store; spaces: readonly Embedder[] },
) {
  const isWord = readBundledWords();
  const retrievers = new Map<string, Retriever>();
  for (const embedder of spaces) {
    const { lexical, dense, chunks: reader, vectors } = store;
    retrievers.set(
      embedder.space.id,
      createRetriever({
        embedderFor: () => embedder,
        lexical,
        dense,
        chunks: reader,
        vectors,
        modelNamed,
        isWord,
        rerankers: rerankersFor(store),
      }),
    );
  }
  const { queries, relevance } = await readBeirQueries(folder, split);
  const taken = limit === null ? queries : queries.slice(0, limit);
  const measured = new Map(asked.map(({ spec }): [PipelineSpec, Measured] => [spec, { run: [], milliseconds: [], usd: 0, degraded: 0 }]));
  const reasons = new Set<string>();
  for (const [at, query] of taken.entries()) {
    // Each is the first to ask as often as the others: the first one fills caches for all.
    const first = at % asked.length;
    for (const { spec } of [...asked.slice(first), ...asked.slice(0, first)]) {
      const one = measured.get(spec);
      const retriever = retrievers.get(searchedSpace(spec));
      if (!one || !retriever) continue;
      const meter = createUsageMeter();
      const result = await retriever.search({
        tenantId,
        collectionId,
        spec,
        query: query.text,
        limit: depth,
        meter,
        ...(signal ? { signal } : {}),
      });
      const ranking = new Set<string>();
      for (const { chunk } of result.hits) ranking.add(rows.get(chunk.documentId) ?? chunk.documentId);
      one.run.push({ queryId: query.id, ranking: [...ranking] });
      one.milliseconds.push(result.timings["search"] ?? 0);
      one.usd += totalCost(meter.used()).total;
      if (result.degraded.length > 0) one.degraded += 1;
      for (const { step, reason } of result.degraded) reasons.add(`${spec.name}: ${step}: ${reason}`);
    }
  }
  for (const reason of reasons) log(`${dataset}: degraded: ${reason}`);
  return { measured, relevance };
}

function embedderOf(embedders: readonly Embedder[], id: string): Embedder {
  const found = embedders.find(({ space }) => space.id === id);
  if (found) return found;
  throw new TypeError(`No embedder for the space ${id}.`);
}

async function hashOf(paths: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const path of paths) for await (const part of createReadStream(path)) hash.update(part);
  return hash.digest("hex");
}
