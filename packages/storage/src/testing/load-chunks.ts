import {
  pipelineSpecSchema,
  sha256,
  type AnalyzedText,
  type ChunkId,
  type CollectionId,
  type DocumentId,
  type JobId,
  type Metadata,
  type TenantId,
  type VersionId,
} from "@footnote/core";
import type { Store } from "../store.ts";
import type { CollectionSettings } from "../store/collections.ts";
import { testBy } from "./test-by.ts";

export interface LoadedChunk {
  text: string;
  analyzed?: AnalyzedText;
  vector?: Float32Array;
  tokens?: Uint8Array;
}

/** Settings that pass for a collection's; only the parts that storage reads matter. */
export function testSettings(space = "fake_64"): CollectionSettings {
  return {
    pipeline: pipelineSpecSchema.parse({
      name: "test",
      version: 1,
      index: {
        chunker: { strategy: "recursive", maxTokens: 128, overlapTokens: 0, windowSentences: 2 },
        space,
        context: { title: false, headingPath: false },
        analyzer: { language: "en", version: 1 },
      },
      candidates: { dense: 50, lexical: 50 },
      fusion: { type: "rrf", k: 60 },
      reranker: { type: "none" },
      topK: 5,
      packing: { strategy: "none", maxTokens: 1024 },
      answer: {
        model: "extractive",
        prompt: "none",
        maxSentences: 5,
        minSupport: 0.5,
        caps: { modelCalls: 1, tokens: 1000, wallClockMs: 1000, usd: 0 },
      },
    }),
  };
}

export async function createTenantAndCollection(store: Store): Promise<{ tenantId: TenantId; collectionId: CollectionId }> {
  const { id: tenantId } = await store.routing.createTenant({ name: "test", by: testBy });
  const { collection } = await store.collections.put(tenantId, { name: "main", settings: testSettings(), by: testBy });
  return { tenantId, collectionId: collection.id };
}

/** Terms of a text for tests: its lower-case words, hashed. */
export function analyzeWords(text: string): AnalyzedText {
  const words = text.toLowerCase().match(/\w+/g) ?? [];
  const counts = new Map<number, number>();
  for (const word of words) {
    const id = (Number.parseInt(sha256(word).slice(0, 7), 16) % 999_999_999) + 1;
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([a], [b]) => a - b);
  return { termIds: sorted.map(([id]) => id), frequencies: sorted.map(([, count]) => count), length: words.length };
}

export interface LoadRequest {
  tenantId: TenantId;
  collectionId: CollectionId;
  externalId: string;
  space: string;
  dimensions: number;
  tokenVectors: boolean;
  chunks: readonly LoadedChunk[];
  metadata?: Metadata;
  access?: string[];
  /** Default true. */
  publish?: boolean;
}

/** Ingests prepared chunks as one document, past parsing and embedding. */
export async function loadChunks(
  store: Store,
  request: LoadRequest,
): Promise<{ documentId: DocumentId; versionId: VersionId; jobId: JobId; chunkIds: ChunkId[] }> {
  const { tenantId, collectionId, externalId, space, dimensions, chunks } = request;
  const bytes = Buffer.from(chunks.map(({ text }) => text).join("\n"));
  const blob = await store.blobs.put({ tenantId, bytes });
  const { document, version, job } = await store.documents.put(tenantId, {
    collectionId,
    externalId,
    ...blob,
    mediaType: "text/plain",
    metadata: request.metadata ?? {},
    access: request.access ?? [],
    by: testBy,
  });
  await store.versions.saveParsed(tenantId, version.id, {
    title: `Title of ${externalId}`,
    mediaType: "text/plain",
    language: "en",
    text: bytes.toString(),
    blocks: [],
    pages: [],
    warnings: [],
  });
  let start = 0;
  await store.versions.saveChunks(
    tenantId,
    version.id,
    chunks.map(({ text }) => {
      const draft = { start, end: start + text.length, text, headingPath: ["Heading"], tokenCount: 3 };
      start += text.length + 1;
      return { draft, inputSha256: sha256(text) };
    }),
  );
  const pending = await store.versions.pendingChunks(tenantId, version.id, space, 10_000);
  const target = { tenantId, versionId: version.id };
  await store.writers.vectors(space).write({
    ...target,
    entries: pending.map(({ chunkId, inputSha256, ordinal }) => ({
      chunkId,
      inputSha256,
      vector: chunks[ordinal]?.vector ?? Float32Array.from({ length: dimensions }, (_, at) => (at === ordinal % dimensions ? 1 : 0)),
      ...(request.tokenVectors ? { tokenVectors: chunks[ordinal]?.tokens ?? Uint8Array.of(ordinal) } : {}),
    })),
  });
  await store.writers.lexical.write({
    ...target,
    entries: pending.map(({ chunkId, ordinal, text }) => ({ chunkId, analyzed: chunks[ordinal]?.analyzed ?? analyzeWords(text) })),
  });
  if (request.publish !== false) await store.versions.publish(tenantId, version.id, space);
  return { documentId: document.id, versionId: version.id, jobId: job.id, chunkIds: pending.map(({ chunkId }) => chunkId) };
}
