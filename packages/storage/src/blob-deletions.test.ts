import { newId, sha256, type CollectionId, type TenantId } from "@footnote/core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createTenantAndCollection } from "./testing/load-chunks.ts";
import { testBy } from "./testing/test-by.ts";
import { availableEngines, openTestStore, type TestStore } from "./testing/test-store.ts";

const bytes = Buffer.from("the same bytes");
const address = sha256(bytes);

describe.each(await availableEngines())("bytes between puts and erasures on %s", (engine) => {
  let opened: TestStore;
  let scope: { tenantId: TenantId; collectionId: CollectionId };
  beforeAll(async () => {
    opened = await openTestStore(engine);
  });
  afterAll(() => opened.close());
  beforeEach(async () => {
    scope = await createTenantAndCollection(opened.store);
  });
  afterEach(() => vi.restoreAllMocks());

  const put = (externalId: string, collectionId = scope.collectionId) =>
    opened.store.documents.put(scope.tenantId, {
      collectionId,
      externalId,
      sha256: address,
      sizeBytes: bytes.byteLength,
      bytes,
      mediaType: "text/plain",
      by: testBy,
    });
  const putDeleted = async (externalId: string) => {
    const { document } = await put(externalId);
    await opened.store.documents.requestDeletion(scope.tenantId, document.id, testBy);
    return () => opened.store.documents.erase(scope.tenantId, document.id, testBy);
  };
  const areThere = async () => (await opened.store.blobs.get({ tenantId: scope.tenantId, sha256: address })) !== null;
  const listed = () => opened.superuser("select taken from blob_deletions where tenant_id = $1", [scope.tenantId]);
  const endHolds = () =>
    opened.superuser("update blob_deletions set held_until = now() - interval '1 second' where tenant_id = $1 and held_until is not null", [
      scope.tenantId,
    ]);
  /** The next call of the blob store stops before or after it has done its work, until it is let go on. */
  const stopNext = (method: "put" | "delete", when: "before" | "after") => {
    const reached = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const { blobs } = opened.store;
    const stop = async <T>(work: () => Promise<T>): Promise<T> => {
      const early = when === "after" ? await work() : undefined;
      reached.resolve();
      await goOn.promise;
      return early ?? (await work());
    };
    if (method === "put") {
      const real = blobs.put.bind(blobs);
      vi.spyOn(blobs, "put").mockImplementationOnce((input) => stop(() => real(input)));
    } else {
      const real = blobs.delete.bind(blobs);
      vi.spyOn(blobs, "delete").mockImplementationOnce((input) => stop(() => real(input)));
    }
    return { reached: reached.promise, goOn: goOn.resolve, fail: () => goOn.reject(new Error("killed")) };
  };

  it.each(["before", "after"] as const)("lets a put wait for an erasure that stands just %s the removal", async (when) => {
    const erase = await putDeleted("first");
    const stopped = stopNext("delete", when);
    const erased = erase();
    await stopped.reached;
    const written = vi.spyOn(opened.store.blobs, "put");
    const second = put("second");
    await opened.store.documents.list(scope.tenantId, scope.collectionId, {});
    expect(written).not.toHaveBeenCalled();
    stopped.goOn();
    expect((await erased).blobs).toBe(1);
    await second;
    expect(await areThere()).toBe(true);
    expect(await listed()).toEqual([]);
  });

  it.each(["before", "after"] as const)("leaves bytes to a put that stands just %s writing them", async (when) => {
    const erase = await putDeleted("first");
    const stopped = stopNext("put", when);
    const second = put("second");
    await stopped.reached;
    expect((await erase()).blobs).toBe(0);
    stopped.goOn();
    const { document } = await second;
    expect(await areThere()).toBe(true);
    expect(await listed()).toEqual([]);
    await opened.store.documents.requestDeletion(scope.tenantId, document.id, testBy);
    expect((await opened.store.documents.erase(scope.tenantId, document.id, testBy)).blobs).toBe(1);
    expect(await areThere()).toBe(false);
  });

  it.each(["before", "after"] as const)(
    "finishes an erasure that was killed just %s the removal, and lets a put pass then",
    async (when) => {
      const erase = await putDeleted("first");
      const stopped = stopNext("delete", when);
      const erased = erase();
      await stopped.reached;
      stopped.fail();
      await expect(erased).rejects.toThrow("killed");
      expect(await listed()).toEqual([{ taken: true }]);
      const second = put("second");
      await erase();
      await second;
      expect(await areThere()).toBe(true);
      expect(await listed()).toEqual([]);
    },
  );

  it("erases the bytes of a put that was killed, when its hold is over", async () => {
    const erase = await putDeleted("first");
    const killed = stopNext("put", "after");
    const second = put("second").catch(() => "killed");
    await killed.reached;
    await erase();
    expect(await areThere()).toBe(true);
    await endHolds();
    await erase();
    expect(await areThere()).toBe(false);
    expect(await listed()).toEqual([]);
    // It was only slow: its document must not come to be without its bytes.
    killed.goOn();
    expect(await second).toBe("killed");
    expect((await opened.store.documents.list(scope.tenantId, scope.collectionId, {})).data).toEqual([]);
  });

  it("takes back the bytes of a put that is refused, unless another document has them", async () => {
    await expect(put("x", newId("collection"))).rejects.toMatchObject({ code: "not_found" });
    expect(await areThere()).toBe(false);
    await put("first");
    await expect(put("x", newId("collection"))).rejects.toMatchObject({ code: "not_found" });
    expect(await areThere()).toBe(true);
    expect(await listed()).toEqual([]);
  });

  it("keeps bytes that two puts write at once when one of them is refused", async () => {
    const stopped = stopNext("put", "after");
    const second = put("second");
    await stopped.reached;
    await expect(put("x", newId("collection"))).rejects.toMatchObject({ code: "not_found" });
    stopped.goOn();
    await second;
    expect(await areThere()).toBe(true);
    expect(await listed()).toEqual([]);
  });
});
