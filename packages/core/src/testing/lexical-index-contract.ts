import { describe, expect, it } from "vitest";
import type { ChunkId, CollectionId, TenantId } from "../ids.ts";
import type { Metadata } from "../json.ts";
import type { AnalyzedText, LexicalIndex } from "../ports/lexical-index.ts";

export interface LexicalItem {
  text: AnalyzedText;
  metadata?: Metadata;
  access?: string[];
}

export interface LexicalFixture {
  /** An index over one new tenant's new collection that holds these items, as chunks in this order. */
  build(items: readonly LexicalItem[]): Promise<{
    index: LexicalIndex;
    tenantId: TenantId;
    collectionId: CollectionId;
    chunkIds: ChunkId[];
  }>;
}

/** An analyzed text from words: `term(n)` stands for the n-th word. */
export function analyzedWords(words: readonly number[]): AnalyzedText {
  const counts = new Map<number, number>();
  for (const word of words) counts.set(word * 7919 + 1, (counts.get(word * 7919 + 1) ?? 0) + 1);
  const sorted = [...counts].sort(([a], [b]) => a - b);
  return { termIds: sorted.map(([id]) => id), frequencies: sorted.map(([, count]) => count), length: words.length };
}

/** BM25 as its papers have it (Robertson & Zaragoza 2009; idf and missing k1 + 1 as in Lucene): the oracle of the contract. */
export function exactBm25(items: readonly LexicalItem[], query: AnalyzedText): { at: number; score: number }[] {
  const average = items.reduce((sum, item) => sum + item.text.length, 0) / items.length;
  return items
    .map(({ text }, at) => {
      let score = 0;
      query.termIds.forEach((term, position) => {
        const tf = text.frequencies[text.termIds.indexOf(term)] ?? 0;
        const df = items.filter((item) => item.text.termIds.includes(term)).length;
        const idf = Math.log(1 + (items.length - df + 0.5) / (df + 0.5));
        if (tf > 0) score += ((query.frequencies[position] ?? 0) * idf * tf) / (tf + 1.2 * (0.25 + (0.75 * text.length) / average));
      });
      return { at, score };
    })
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score);
}

/** Sixty texts over forty words, some frequent, some rare; the same at every call. */
export function lexicalCorpus(): LexicalItem[] {
  let state = 42;
  const random = () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
  return Array.from({ length: 60 }, (_, at) => ({
    text: analyzedWords(Array.from({ length: 3 + Math.floor(random() * 40) }, () => Math.floor(random() ** 3 * 40))),
    metadata: { part: at % 3, tags: at % 2 === 0 ? ["even", at < 30 ? "low" : "high"] : ["odd"] },
    access: at % 10 === 9 ? ["group:board"] : [],
  }));
}

const queries = [[1, 2], [0, 5, 9], [30], [12, 13, 14, 15], [39, 38, 0], [7, 7, 3]].map((words) => analyzedWords(words));

/** What every LexicalIndex does. */
export function describeLexicalIndex(name: string, fixture: () => LexicalFixture): void {
  describe(`LexicalIndex contract: ${name}`, () => {
    const open = () => lexicalCorpus().map(({ text }): LexicalItem => ({ text }));

    it("ranks and scores as exact BM25", async () => {
      const items = open();
      const { index, tenantId, collectionId, chunkIds } = await fixture().build(items);
      for (const query of queries) {
        const expected = exactBm25(items, query).slice(0, 10);
        const found = await index.search({ tenantId, collectionId, query, limit: 10 });
        expect(found.length).toBe(expected.length);
        found.forEach((hit, rank) => {
          expect(hit.score).toBeCloseTo(expected[rank]?.score ?? Number.NaN, 6);
          const own = exactBm25(items, query).find(({ at }) => chunkIds[at] === hit.chunkId);
          expect(own?.score).toBeCloseTo(hit.score, 6);
        });
      }
    });

    it("returns every match when the limit is greater, all above 0, and nothing for unknown terms", async () => {
      const items = open();
      const { index, tenantId, collectionId } = await fixture().build(items);
      const query = analyzedWords([0, 1]);
      const found = await index.search({ tenantId, collectionId, query, limit: 1000 });
      expect(found.length).toBe(exactBm25(items, query).length);
      expect(found.every(({ score }) => score > 0)).toBe(true);
      expect(await index.search({ tenantId, collectionId, query: analyzedWords([999]), limit: 5 })).toEqual([]);
      expect(await index.search({ tenantId, collectionId, query: { termIds: [], frequencies: [], length: 0 }, limit: 5 })).toEqual([]);
      expect(await index.search({ tenantId, collectionId, query, limit: 0 })).toEqual([]);
    });

    it("filters by metadata and by principals before it cuts off", async () => {
      const items = lexicalCorpus();
      const { index, tenantId, collectionId, chunkIds } = await fixture().build(items);
      const query = analyzedWords([0, 1, 2]);
      const matching = exactBm25(items, query);
      const ids = (wanted: (at: number) => boolean) => matching.filter(({ at }) => wanted(at)).map(({ at }) => chunkIds[at]);
      const search = async (scope: object, limit = 100) =>
        (await index.search({ tenantId, collectionId, query, limit, ...scope })).map(({ chunkId }) => chunkId);
      expect((await search({})).sort()).toEqual(ids((at) => at % 10 !== 9).sort());
      expect((await search({ principals: ["user:a", "group:board"] })).sort()).toEqual(ids(() => true).sort());
      expect((await search({ filter: { part: 1 } })).sort()).toEqual(ids((at) => at % 3 === 1 && at % 10 !== 9).sort());
      expect((await search({ filter: { tags: { in: ["low", "odd"] }, part: { gte: 1 } } })).sort()).toEqual(
        ids((at) => (at % 2 === 1 || at < 30) && at % 3 >= 1 && at % 10 !== 9).sort(),
      );
      expect((await search({ filter: { part: 1 } }, 3)).length).toBe(3);
    });

    it("shows nothing to another tenant or of another collection", async () => {
      const mine = await fixture().build(open());
      const theirs = await fixture().build(open());
      const query = analyzedWords([0, 1]);
      const found = await mine.index.search({ tenantId: mine.tenantId, collectionId: mine.collectionId, query, limit: 100 });
      expect(found.length).toBeGreaterThan(0);
      expect(found.every(({ chunkId }) => mine.chunkIds.includes(chunkId))).toBe(true);
      expect(await mine.index.search({ tenantId: mine.tenantId, collectionId: theirs.collectionId, query, limit: 100 })).toEqual([]);
      expect(await theirs.index.search({ tenantId: mine.tenantId, collectionId: theirs.collectionId, query, limit: 100 })).toEqual([]);
    });

    it("stops when its signal has fired", async () => {
      const { index, tenantId, collectionId } = await fixture().build(open());
      const search = index.search({ tenantId, collectionId, query: analyzedWords([1]), limit: 5, signal: AbortSignal.abort() });
      await expect(search).rejects.toMatchObject({ code: "cancelled" });
    });
  });
}
