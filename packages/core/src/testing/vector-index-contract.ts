import { describe, expect, it } from "vitest";
import type { ChunkId, CollectionId, TenantId } from "../ids.ts";
import type { Metadata } from "../json.ts";
import type { VectorIndex } from "../ports/vector-index.ts";

export interface VectorItem {
  /** Eight numbers of L2 norm 1. */
  vector: Float32Array;
  metadata?: Metadata;
  access?: string[];
}

export interface VectorFixture {
  /** The name of a space of 8 dimensions. */
  space: string;
  /** An index over one new tenant's new collection that holds these items, as chunks in this order. */
  build(items: readonly VectorItem[]): Promise<{
    index: VectorIndex;
    tenantId: TenantId;
    collectionId: CollectionId;
    chunkIds: ChunkId[];
  }>;
}

/** A unit vector of 8 dimensions, the same for the same seed. */
export function unitVector(seed: number): Float32Array {
  let state = seed * 2_654_435_761 + 1;
  const random = () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 1_073_741_824 - 1;
  const raw = Float32Array.from({ length: 8 }, random);
  const norm = Math.hypot(...raw);
  return raw.map((value) => value / norm);
}

/** Eighty items with metadata; every tenth for a group only. */
export function vectorCorpus(): VectorItem[] {
  return Array.from({ length: 80 }, (_, at) => ({
    vector: unitVector(at + 1),
    metadata: { part: at % 4, ...(at === 17 ? { name: "item 17" } : {}) },
    access: at % 10 === 9 ? ["group:board"] : [],
  }));
}

function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}

/** What every VectorIndex does. Half precision is allowed: scores agree to 0.002. */
export function describeVectorIndex(name: string, fixture: () => VectorFixture): void {
  describe(`VectorIndex contract: ${name}`, () => {
    const expected = (items: readonly VectorItem[], query: Float32Array, allowed: (at: number) => boolean) =>
      items
        .map((item, at) => ({ at, score: cosine(item.vector, query) }))
        .filter(({ at }) => allowed(at))
        .sort((a, b) => b.score - a.score);

    it("returns the nearest by cosine, best first", async () => {
      const items = vectorCorpus().map(({ vector }) => ({ vector }));
      const { space, build } = fixture();
      const { index, tenantId, collectionId, chunkIds } = await build(items);
      for (let seed = 1000; seed < 1010; seed++) {
        const vector = unitVector(seed);
        const found = await index.search({ tenantId, collectionId, space, vector, limit: 10 });
        const best = expected(items, vector, () => true).slice(0, 10);
        expect(found.length).toBe(10);
        found.forEach((hit, rank) => {
          expect(Math.abs(hit.score - (best[rank]?.score ?? Number.NaN))).toBeLessThan(0.002);
          const own = items[chunkIds.indexOf(hit.chunkId)];
          expect(Math.abs(cosine(own?.vector ?? new Float32Array(8), vector) - hit.score)).toBeLessThan(0.002);
        });
      }
    });

    it("returns exactly `limit` whenever so many exist, filters and principals applied before", async () => {
      const items = vectorCorpus();
      const { space, build } = fixture();
      const { index, tenantId, collectionId, chunkIds } = await build(items);
      const vector = unitVector(5000);
      const search = async (scope: object, limit: number) =>
        (await index.search({ tenantId, collectionId, space, vector, limit, ...scope })).map(({ chunkId }) => chunkIds.indexOf(chunkId));
      const sorted = (values: number[]) => values.sort((a, b) => a - b);
      expect(sorted(await search({}, 1000))).toEqual(sorted(expected(items, vector, (at) => at % 10 !== 9).map(({ at }) => at)));
      expect((await search({ principals: ["group:board"] }, 80)).length).toBe(80);
      expect((await search({ principals: ["group:other"] }, 80)).length).toBe(72);
      expect((await search({ filter: { part: 3 } }, 15)).length).toBe(15);
      expect((await search({ filter: { part: { in: [1, 3] } }, principals: ["group:board"] }, 1000)).every((at) => at % 2 === 1)).toBe(
        true,
      );
      expect(await search({ filter: { name: "item 17" } }, 5)).toEqual([17]);
      expect(await search({}, 0)).toEqual([]);
    });

    it("shows nothing to another tenant or of another collection", async () => {
      const { space, build } = fixture();
      const mine = await build(vectorCorpus());
      const theirs = await build(vectorCorpus());
      const vector = unitVector(7);
      const own = await mine.index.search({ tenantId: mine.tenantId, collectionId: mine.collectionId, space, vector, limit: 200 });
      expect(own.length).toBe(72);
      expect(own.every(({ chunkId }) => mine.chunkIds.includes(chunkId))).toBe(true);
      expect(await mine.index.search({ tenantId: mine.tenantId, collectionId: theirs.collectionId, space, vector, limit: 5 })).toEqual([]);
    });

    it("stops when its signal has fired", async () => {
      const { space, build } = fixture();
      const { index, tenantId, collectionId } = await build(vectorCorpus());
      const search = index.search({ tenantId, collectionId, space, vector: unitVector(1), limit: 5, signal: AbortSignal.abort() });
      await expect(search).rejects.toMatchObject({ code: "cancelled" });
    });
  });
}
