/* oxlint-disable vitest/valid-title -- a contract: the name is the adapter's */
import { describe, expect, it } from "vitest";
import { newId } from "../ids.ts";
import type { ChunkId, TenantId } from "../ids.ts";
import type { TokenVectorStore } from "../ports/token-vector-store.ts";

export interface TokenVectorFixture {
  /** A space with token vectors. */
  space: string;
  /** A store that holds these for chunks of a new tenant, in this order. */
  build(vectors: readonly Uint8Array[]): Promise<{ store: TokenVectorStore; tenantId: TenantId; chunkIds: ChunkId[] }>;
}

/** What every TokenVectorStore does. */
export function tokenVectorStoreContract(name: string, fixture: () => Promise<TokenVectorFixture>): void {
  const vectors = [Uint8Array.of(1, 2, 3), Uint8Array.of(0), Uint8Array.from({ length: 20_000 }, (_, at) => at % 256)];

  describe(`TokenVectorStore contract: ${name}`, () => {
    it("gives back each chunk's bytes, whatever the order of the question", async () => {
      const { space, build } = await fixture();
      const { store, tenantId, chunkIds } = await build(vectors);
      const read = await store.read({ tenantId, space, chunkIds: chunkIds.toReversed() });
      expect(chunkIds.map((id) => [...(read.get(id) ?? [])])).toEqual(vectors.map((one) => [...one]));
    });

    it("leaves out chunks that have none, and asks for nothing with an empty list", async () => {
      const { space, build } = await fixture();
      const { store, tenantId, chunkIds } = await build(vectors.slice(0, 1));
      expect([...(await store.read({ tenantId, space, chunkIds: [...chunkIds, newId("chunk")] })).keys()]).toEqual(chunkIds);
      expect((await store.read({ tenantId, space, chunkIds: [] })).size).toBe(0);
    });

    it("shows nothing of one tenant to another", async () => {
      const { space, build } = await fixture();
      const mine = await build(vectors);
      const other = await build(vectors);
      expect((await mine.store.read({ tenantId: other.tenantId, space, chunkIds: mine.chunkIds })).size).toBe(0);
    });

    it("stops when it is told to", async () => {
      const { space, build } = await fixture();
      const { store, tenantId, chunkIds } = await build(vectors.slice(0, 1));
      await expect(store.read({ tenantId, space, chunkIds, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "cancelled" });
    });
  });
}
