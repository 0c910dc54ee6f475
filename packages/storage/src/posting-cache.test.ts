import { newId } from "@footnote/core";
import { describe, expect, it } from "vitest";
import { createPostingCache, type KnownTerm } from "./posting-cache.ts";

const scope = () => ({ tenantId: newId("tenant"), collectionId: newId("collection") });
const totals = { chunkCount: 10, totalLength: 50 };
const term = (termId: number, size = 1): KnownTerm => ({
  termId,
  lists: [{ delta: "1", documentFrequency: size, postings: { numbers: new Float64Array(size), packed: new Uint32Array(size) } }],
});
const roomy = { maxBytes: 1e6, maxIdleMs: 1000 };

describe("createPostingCache", () => {
  it("gives a query's terms only when all of them and the totals are known, each collection its own", () => {
    const cache = createPostingCache(roomy);
    const [mine, other] = [scope(), scope()];
    cache.write(mine, totals, [term(1), { termId: 2, lists: [] }]);
    expect(cache.read(mine, [1, 2])).toEqual({ totals, terms: [term(1), { termId: 2, lists: [] }] });
    expect(cache.read(mine, [1, 3])).toBeNull();
    expect(cache.read(other, [1])).toBeNull();
    expect(cache.read({ ...mine, tenantId: other.tenantId }, [1])).toBeNull();
    expect(cache.term(mine, 1)?.termId).toBe(1);
    expect(cache.term(other, 1)).toBeUndefined();
  });

  it("drops the lists that a later reading no longer has", () => {
    const cache = createPostingCache(roomy);
    const mine = scope();
    cache.write(mine, totals, [term(1, 1000)]);
    const before = cache.bytes;
    cache.write(mine, { chunkCount: 1, totalLength: 5 }, [term(1, 1)]);
    expect(cache.bytes).toBeLessThan(before - 10_000);
    expect(cache.read(mine, [1])).toEqual({ totals: { chunkCount: 1, totalLength: 5 }, terms: [term(1, 1)] });
  });

  it("keeps within its memory, least recently used out first", () => {
    const cache = createPostingCache({ maxBytes: 30_000, maxIdleMs: 1e9 });
    const mine = scope();
    cache.write(mine, totals, [term(1, 1000)]);
    cache.write(mine, totals, [term(2, 1000)]);
    cache.term(mine, 1);
    cache.write(mine, totals, [term(3, 1000), term(4, 100)]);
    expect(cache.bytes).toBeLessThanOrEqual(30_000);
    expect([1, 2, 3].map((id) => cache.term(mine, id) !== undefined)).toEqual([true, false, true]);
  });

  it("forgets what nobody asked for within its time", () => {
    let now = 0;
    const cache = createPostingCache({ ...roomy, now: () => now });
    const mine = scope();
    cache.write(mine, totals, [term(1), term(2)]);
    now = 900;
    cache.read(mine, [1]);
    now = 1500;
    cache.write(scope(), totals, [term(9)]);
    expect(cache.term(mine, 2)).toBeUndefined();
    expect(cache.term(mine, 1)).toBeDefined();
  });
});
