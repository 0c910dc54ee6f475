import { tokenVectorStoreContract } from "@footnote/core/testing";
import { describeLexicalIndex, lexicalCorpus, type LexicalItem } from "@footnote/core/testing/lexical-index-contract";
import { describeVectorIndex, type VectorItem } from "@footnote/core/testing/vector-index-contract";
import { newId, type ChunkId, type Metadata } from "@footnote/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTenantAndCollection, loadChunks, type LoadedChunk } from "./testing/load-chunks.ts";
import { availableEngines, openTestStore, type TestStore } from "./testing/test-store.ts";
import { createWinkIndex } from "./wink-index.ts";

const setUps = [
  ...(await availableEngines()).map((engine) => ({ name: engine, engine, options: {} })),
  { name: "pglite, every query scored in the database", engine: "pglite" as const, options: { maxPostings: 0 } },
];

describe.each(setUps)("indexes on $name", ({ name, engine, options }) => {
  let opened: TestStore;
  beforeAll(async () => {
    opened = await openTestStore(engine, options);
  });
  afterAll(() => opened.close());

  const textOf = (item?: LexicalItem) => (item === undefined ? {} : { analyzed: item.text });
  const vectorOf = (item?: VectorItem) => (item === undefined ? {} : { vector: item.vector });
  const space = { space: "tiny_8", dimensions: 8, tokenVectors: false };

  /** One document per distinct metadata and access, because those are a document's. */
  async function load(items: readonly { metadata?: Metadata; access?: string[] }[], chunk: (at: number) => Partial<LoadedChunk>) {
    const { store } = opened;
    const scope = await createTenantAndCollection(store);
    const chunkIds: ChunkId[] = [];
    for (const [key, group] of Map.groupBy(items.keys(), (at) => JSON.stringify([items[at]?.metadata, items[at]?.access]))) {
      const first = items[group[0] ?? 0];
      const loaded = await loadChunks(store, {
        ...scope,
        ...space,
        externalId: key,
        ...(first?.metadata === undefined ? {} : { metadata: first.metadata }),
        ...(first?.access === undefined ? {} : { access: first.access }),
        chunks: group.map((at) => ({ text: `chunk ${at}`, ...chunk(at) })),
      });
      for (const [ordinal, at] of group.entries()) chunkIds[at] = loaded.chunkIds[ordinal] ?? newId("chunk");
    }
    return { ...scope, chunkIds };
  }

  describeLexicalIndex(`BM25 on ${name}`, () => ({
    build: async (items) => ({ index: opened.store.lexical, ...(await load(items, (at) => textOf(items[at]))) }),
  }));

  describeVectorIndex(`search_dense on ${name}`, () => ({
    space: "tiny_8",
    build: async (items) => ({ index: opened.store.dense, ...(await load(items, (at) => vectorOf(items[at]))) }),
  }));

  tokenVectorStoreContract(name, async () => ({
    space: "fake_64",
    async build(vectors) {
      const scope = await createTenantAndCollection(opened.store);
      const chunks = vectors.map((tokens, at) => ({ text: `chunk ${at}`, tokens }));
      const { chunkIds } = await loadChunks(opened.store, {
        ...scope,
        externalId: "tokens",
        space: "fake_64",
        dimensions: 64,
        tokenVectors: true,
        chunks,
      });
      return { store: opened.store.tokenVectors, tenantId: scope.tenantId, chunkIds };
    },
  }));

  it("gives the same results for ten batches as for one, before and after maintenance", async () => {
    const { store } = opened;
    const items = lexicalCorpus().map(({ text }) => text);
    const once = await createTenantAndCollection(store);
    const all = await loadChunks(store, {
      ...once,
      ...space,
      externalId: "all",
      chunks: items.map((analyzed, at) => ({ text: `chunk ${at}`, analyzed })),
    });
    const batches = await createTenantAndCollection(store);
    const ids: ChunkId[] = [];
    for (let from = 0; from < items.length; from += 6) {
      const chunks = items.slice(from, from + 6).map((analyzed, at) => ({ text: `chunk ${from + at}`, analyzed }));
      ids.push(...(await loadChunks(store, { ...batches, ...space, externalId: `batch ${from}`, chunks })).chunkIds);
    }
    const results = async (scope: typeof once, chunkIds: string[]) =>
      (await Promise.all(items.slice(0, 20).map((query) => store.lexical.search({ ...scope, query, limit: 10 })))).map((found) =>
        found.map(({ chunkId, score }) => ({ at: chunkIds.indexOf(chunkId), score: expect.closeTo(score, 5) })),
      );
    const expected = await results(once, all.chunkIds);
    const same = async () => {
      const found = await Promise.all(items.slice(0, 20).map((query) => store.lexical.search({ ...batches, query, limit: 10 })));
      expect(found.map((hits) => hits.map(({ chunkId, score }) => ({ at: ids.indexOf(chunkId), score })))).toEqual(expected);
    };
    await same();
    const done = await store.maintainIndex(batches.tenantId);
    expect(done.foldedDeltas).toBe(10);

    await same();
    expect(await store.routing.tenantsWithIndexWork(100)).not.toContain(batches.tenantId);
  });

  it("sees a publication, a replacement and a fold at once in a query that it answered before", async () => {
    const { store } = opened;
    const scope = await createTenantAndCollection(store);
    const text = (termId: number, frequency = 1) => ({ termIds: [termId], frequencies: [frequency], length: 3 });
    const put = (externalId: string, frequencies: number[]) =>
      loadChunks(store, {
        ...scope,
        ...space,
        externalId,
        chunks: frequencies.map((frequency) => ({ text: "x", analyzed: text(7, frequency) })),
      });
    const ask = async (termId = 7) =>
      (await store.lexical.search({ ...scope, query: text(termId), limit: 10 })).map(({ chunkId }) => chunkId);
    expect([await ask(), await ask()]).toEqual([[], []]);
    const first = (await put("a", [1])).chunkIds;
    expect([await ask(), await ask(), await ask(8)]).toEqual([first, first, []]);
    const second = (await put("b", [2])).chunkIds;
    expect([await ask(), await ask()]).toEqual([
      [...second, ...first],
      [...second, ...first],
    ]);
    const third = (await put("a", [3])).chunkIds;
    expect([await ask(), await ask()]).toEqual([
      [...third, ...second],
      [...third, ...second],
    ]);
    await store.maintainIndex(scope.tenantId);
    expect([await ask(), await ask()]).toEqual([
      [...third, ...second],
      [...third, ...second],
    ]);
  });

  it("takes names of principals and metadata as text, whatever they hold", async () => {
    const { store } = opened;
    const odd = `o'Neil\\ {"a"},$1; select 1 --`;
    const query = { termIds: [7], frequencies: [1], length: 1 };
    const loaded = await load([{ access: [odd], metadata: { team: odd } }], () => ({ analyzed: query }));
    const asked = { tenantId: loaded.tenantId, collectionId: loaded.collectionId, query, limit: 5 };
    // Read the first time, confirmed the second.
    for (let times = 0; times < 2; times++) {
      const found = await store.lexical.search({ ...asked, principals: [odd, "x"], filter: { team: odd } });
      expect(found.map(({ chunkId }) => chunkId)).toEqual(loaded.chunkIds);
      expect(await store.lexical.search({ ...asked, principals: [odd.slice(1)] })).toEqual([]);
      expect(await store.lexical.search({ ...asked, principals: [odd], filter: { team: "o" } })).toEqual([]);
      expect(await store.lexical.search(asked)).toEqual([]);
    }
  });
});

describeLexicalIndex("wink (build-once: a new index for every build)", () => ({
  async build(items) {
    const tenantId = newId("tenant");
    const collectionId = newId("collection");
    const documents = items.map((item) => ({ chunkId: newId("chunk"), ...item }));
    return {
      index: createWinkIndex({ tenantId, collectionId, documents }),
      tenantId,
      collectionId,
      chunkIds: documents.map(({ chunkId }) => chunkId),
    };
  },
}));

describe("createWinkIndex", () => {
  it("says that it is built once", async () => {
    const documents = lexicalCorpus().map((item) => ({ chunkId: newId("chunk"), ...item }));
    expect(createWinkIndex({ tenantId: newId("tenant"), collectionId: newId("collection"), documents }).capabilities).toEqual({
      mutable: false,
    });
    expect(() => createWinkIndex({ tenantId: newId("tenant"), collectionId: newId("collection"), documents: [] })).toThrow(/three chunks/);
  });
});
