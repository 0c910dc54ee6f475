import type { LocatedChunk } from "../document.ts";
import type { ChunkId, CollectionId, TenantId } from "../ids.ts";
import type { Metadata } from "../json.ts";
import type { ChunkReader } from "../ports/chunk-reader.ts";
import type { AnalyzedText, LexicalIndex } from "../ports/lexical-index.ts";
import type { TokenVectorStore } from "../ports/token-vector-store.ts";
import type { ScoredChunk } from "../search.ts";
import type { IndexScope, VectorIndex, VectorReader } from "../ports/vector-index.ts";
import { throwIfAborted } from "../errors.ts";

export interface MemoryEntry {
  tenantId: TenantId;
  collectionId: CollectionId;
  chunk: LocatedChunk;
  analyzed: AnalyzedText;
  vector: Float32Array;
  tokenVectors?: Uint8Array;
  metadata?: Metadata;
  access?: string[];
}

export interface MemoryIndex {
  add(entry: MemoryEntry): void;
  readonly lexical: LexicalIndex;
  readonly dense: VectorIndex;
  readonly vectors: VectorReader;
  readonly chunks: ChunkReader;
  readonly tokenVectors: TokenVectorStore;
}

/**
 * Both indexes and the chunk reader over plain arrays: BM25 in Lucene's variant (k1 1.2, b 0.75), cosine by an exact scan. For tests
 * that need an index and not storage. Of metadata filters it knows equality with a scalar.
 */
export function createMemoryIndex(): MemoryIndex {
  const entries: MemoryEntry[] = [];
  const postings = new Map<number, { entry: MemoryEntry; frequency: number }[]>();
  const visible = (entry: MemoryEntry, { tenantId, collectionId, filter, principals = [] }: IndexScope) =>
    entry.tenantId === tenantId &&
    entry.collectionId === collectionId &&
    (!entry.access?.length || entry.access.some((principal) => principals.includes(principal))) &&
    Object.entries(filter ?? {}).every(([field, wanted]) => entry.metadata?.[field] === wanted);
  const best = (scores: Map<ChunkId, number>, limit: number): ScoredChunk[] =>
    [...scores]
      .map(([chunkId, score]) => ({ chunkId, score }))
      .sort((a, b) => b.score - a.score || (a.chunkId < b.chunkId ? -1 : 1))
      .slice(0, limit);
  return {
    add(entry) {
      entries.push(entry);
      for (const [index, id] of entry.analyzed.termIds.entries()) {
        const list = postings.get(id) ?? [];
        list.push({ entry, frequency: entry.analyzed.frequencies[index] ?? 0 });
        postings.set(id, list);
      }
    },
    lexical: {
      capabilities: { mutable: true },
      async search(request) {
        throwIfAborted(request.signal);
        const own = entries.filter((entry) => entry.tenantId === request.tenantId && entry.collectionId === request.collectionId);
        const averageLength = own.reduce((sum, entry) => sum + entry.analyzed.length, 0) / Math.max(1, own.length);
        const scores = new Map<ChunkId, number>();
        for (const id of request.query.termIds) {
          const found = (postings.get(id) ?? []).filter(
            ({ entry }) => entry.tenantId === request.tenantId && entry.collectionId === request.collectionId,
          );
          const idf = Math.log(1 + (own.length - found.length + 0.5) / (found.length + 0.5));
          for (const { entry, frequency } of found) {
            if (!visible(entry, request)) continue;
            const norm = 1.2 * (0.25 + (0.75 * entry.analyzed.length) / averageLength);
            scores.set(entry.chunk.id, (scores.get(entry.chunk.id) ?? 0) + (idf * frequency) / (frequency + norm));
          }
        }
        return best(scores, request.limit);
      },
    },
    dense: {
      capabilities: { exact: true },
      async search(request) {
        throwIfAborted(request.signal);
        const scores = new Map<ChunkId, number>();
        for (const entry of entries) {
          if (!visible(entry, request)) continue;
          let product = 0;
          for (let i = 0; i < request.vector.length; i++) product += (request.vector[i] ?? 0) * (entry.vector[i] ?? 0);
          scores.set(entry.chunk.id, product);
        }
        return best(scores, request.limit);
      },
    },
    vectors: {
      async read({ tenantId, chunkIds, signal }) {
        throwIfAborted(signal);
        const wanted = new Set(chunkIds);
        const found = entries.filter((entry) => entry.tenantId === tenantId && wanted.has(entry.chunk.id));
        return new Map(found.map((entry) => [entry.chunk.id, entry.vector]));
      },
    },
    chunks: {
      async read({ tenantId, chunkIds, signal }) {
        throwIfAborted(signal);
        const wanted = new Set(chunkIds);
        return new Map(
          entries
            .filter((entry) => entry.tenantId === tenantId && wanted.has(entry.chunk.id))
            .map((entry) => [entry.chunk.id, entry.chunk]),
        );
      },
      async range({ tenantId, versionId, from, to, signal }) {
        throwIfAborted(signal);
        return entries
          .filter(
            ({ tenantId: owner, chunk }) =>
              owner === tenantId && chunk.versionId === versionId && chunk.ordinal >= from && chunk.ordinal <= to,
          )
          .map(({ chunk }) => chunk)
          .sort((a, b) => a.ordinal - b.ordinal);
      },
    },
    tokenVectors: {
      async read({ tenantId, chunkIds, signal }) {
        throwIfAborted(signal);
        const wanted = new Set(chunkIds);
        const found = new Map<ChunkId, Uint8Array>();
        for (const { tenantId: owner, chunk, tokenVectors } of entries) {
          if (owner === tenantId && wanted.has(chunk.id) && tokenVectors) found.set(chunk.id, tokenVectors);
        }
        return found;
      },
    },
  };
}
