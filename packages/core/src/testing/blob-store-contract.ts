/* oxlint-disable vitest/valid-title -- a contract: the name is the adapter's */
import { describe, expect, it } from "vitest";
import { sha256 } from "../hash.ts";
import { newId } from "../ids.ts";
import type { BlobStore } from "../ports/blob-store.ts";

/** What every BlobStore does. */
export function blobStoreContract(name: string, create: () => Promise<BlobStore> | BlobStore): void {
  const bytesOf = (text: string) => new Uint8Array(Buffer.from(text));
  const listOf = async (store: BlobStore, tenantId: ReturnType<typeof tenant>) => await Array.fromAsync(store.list({ tenantId }));
  const tenant = () => newId("tenant");

  describe(`BlobStore contract: ${name}`, () => {
    it("gives back the bytes under their SHA-256, empty ones and large ones too", async () => {
      const store = await create();
      const tenantId = tenant();
      for (const bytes of [bytesOf("text"), new Uint8Array(), Uint8Array.from({ length: 3_000_000 }, (_, at) => at % 251)]) {
        const put = await store.put({ tenantId, bytes });
        expect(put).toEqual({ sha256: sha256(bytes), sizeBytes: bytes.byteLength });
        const got = await store.get({ tenantId, sha256: put.sha256 });
        expect(got && sha256(got)).toBe(put.sha256);
      }
    });

    it("keeps equal bytes once, also when they are put at the same moment", async () => {
      const store = await create();
      const tenantId = tenant();
      await Promise.all(Array.from({ length: 8 }, () => store.put({ tenantId, bytes: bytesOf("same") })));
      expect(await listOf(store, tenantId)).toEqual([{ sha256: sha256("same"), sizeBytes: 4 }]);
    });

    it("keeps each tenant's bytes to itself, deletion included", async () => {
      const store = await create();
      const [mine, other] = [tenant(), tenant()];
      const { sha256: address } = await store.put({ tenantId: mine, bytes: bytesOf("mine") });
      expect(await store.get({ tenantId: other, sha256: address })).toBeNull();
      expect(await store.delete({ tenantId: other, sha256: address })).toBe(false);
      expect(await listOf(store, other)).toEqual([]);
      await store.put({ tenantId: other, bytes: bytesOf("mine") });
      expect(await store.delete({ tenantId: mine, sha256: address })).toBe(true);
      expect(await store.get({ tenantId: mine, sha256: address })).toBeNull();
      expect(await store.get({ tenantId: other, sha256: address })).not.toBeNull();
    });

    it("says what is not there: null, or false for a second deletion", async () => {
      const store = await create();
      const tenantId = tenant();
      const absent = { tenantId, sha256: sha256("absent") };
      expect(await store.get(absent)).toBeNull();
      expect(await store.delete(absent)).toBe(false);
      await store.put({ tenantId, bytes: bytesOf("absent") });
      expect(await store.delete(absent)).toBe(true);
      expect(await store.delete(absent)).toBe(false);
      expect(await listOf(store, tenantId)).toEqual([]);
    });

    it("refuses addresses that are none", async () => {
      const store = await create();
      const tenantId = tenant();
      for (const address of ["", "../escape", `${"a".repeat(63)}/`, "A".repeat(64)]) {
        await expect(store.get({ tenantId, sha256: address })).rejects.toMatchObject({ code: "not_found" });
      }
    });

    it("does nothing once it was told to stop", async () => {
      const store = await create();
      const tenantId = tenant();
      const signal = AbortSignal.abort();
      await expect(store.put({ tenantId, bytes: bytesOf("late"), signal })).rejects.toMatchObject({ code: "cancelled" });
      expect(await listOf(store, tenantId)).toEqual([]);
      await store.put({ tenantId, bytes: bytesOf("kept") });
      await expect(store.get({ tenantId, sha256: sha256("kept"), signal })).rejects.toMatchObject({ code: "cancelled" });
    });
  });
}
