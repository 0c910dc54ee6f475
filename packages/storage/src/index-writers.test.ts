import type { CollectionId, TenantId } from "@footnote/core";
import { indexWriterContract } from "@footnote/core/testing";
import { afterAll, beforeAll, describe } from "vitest";
import { analyzeWords, createTenantAndCollection } from "./testing/load-chunks.ts";
import { testBy } from "./testing/test-by.ts";
import { availableEngines, openTestStore, type TestStore } from "./testing/test-store.ts";

describe.each(await availableEngines())("index writers on %s", (engine) => {
  let opened: TestStore;
  beforeAll(async () => {
    opened = await openTestStore(engine);
  });
  afterAll(() => opened.close());

  const collections = new Map<TenantId, CollectionId>();
  function scopeOf(tenantId: TenantId) {
    const collectionId = collections.get(tenantId);
    if (!collectionId) throw new Error("the tenant has no collection");
    return { tenantId, collectionId, limit: 10 };
  }
  const inputSha256 = "0".repeat(64);
  const word = (ordinal: number) => `word${ordinal}`;
  const axis = (ordinal: number) => Float32Array.from({ length: 8 }, (_, at) => (at === ordinal % 8 ? 1 : 0));

  async function version(count: number) {
    const { store } = opened;
    const { tenantId, collectionId } = await createTenantAndCollection(store);
    collections.set(tenantId, collectionId);
    const texts = Array.from({ length: count }, (_, at) => `chunk ${at}`);
    const bytes = Buffer.from(texts.join("\n"));
    const blob = await store.blobs.put({ tenantId, bytes });
    const document = { collectionId, externalId: "x", ...blob, mediaType: "text/plain", by: testBy };
    const put = await store.documents.put(tenantId, document);
    const parsed = { title: null, mediaType: "text/plain", language: "en", text: bytes.toString(), blocks: [], pages: [], warnings: [] };
    await store.versions.saveParsed(tenantId, put.version.id, parsed);
    const drafts = texts.map((text, at) => ({ start: at * 8, end: at * 8 + text.length, text, headingPath: [], tokenCount: 2 }));
    await store.versions.saveChunks(
      tenantId,
      put.version.id,
      drafts.map((draft) => ({ draft, inputSha256 })),
    );
    await opened.superuser("update document_versions set live = true where id = $1", [put.version.id]);
    const pending = await store.versions.pendingChunks(tenantId, put.version.id, null, 100);
    return { tenantId, versionId: put.version.id, chunkIds: pending.map(({ chunkId }) => chunkId) };
  }

  indexWriterContract(`posting lists on ${engine}`, async () => ({
    writer: opened.store.writers.lexical,
    version,
    entryOf: (chunkId, ordinal) => ({ chunkId, analyzed: analyzeWords(word(ordinal)) }),
    async find({ tenantId }, ordinal) {
      const found = await opened.store.lexical.search({ ...scopeOf(tenantId), query: analyzeWords(word(ordinal)) });
      return found.map(({ chunkId }) => chunkId);
    },
  }));

  indexWriterContract(`pgvector on ${engine}`, async () => ({
    writer: opened.store.writers.vectors("tiny_8"),
    version,
    entryOf: (chunkId, ordinal) => ({ chunkId, inputSha256, vector: axis(ordinal) }),
    async find({ tenantId }, ordinal) {
      const found = await opened.store.dense.search({ ...scopeOf(tenantId), space: "tiny_8", vector: axis(ordinal) });
      return found.map(({ chunkId }) => chunkId);
    },
  }));
});
