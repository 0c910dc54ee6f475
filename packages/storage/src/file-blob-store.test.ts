import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "@footnote/core";
import { blobStoreContract } from "@footnote/core/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createFileBlobStore } from "./file-blob-store.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "footnote-blobs-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

blobStoreContract("files", () => createFileBlobStore({ folder }));

it("takes a half-written file for none, and writes over a cut one", async () => {
  const store = createFileBlobStore({ folder });
  const tenantId = newId("tenant");
  const bytes = new Uint8Array(Buffer.from("whole"));
  const { sha256 } = await store.put({ tenantId, bytes });
  await writeFile(join(folder, tenantId, `${sha256}.0.part`), "wh");
  await writeFile(join(folder, tenantId, sha256), "wh");
  await store.put({ tenantId, bytes });
  expect(Buffer.from((await store.get({ tenantId, sha256 })) ?? []).toString()).toBe("whole");
  expect(await Array.fromAsync(store.list({ tenantId }))).toEqual([{ sha256, sizeBytes: 5 }]);
  expect(await readdir(join(folder, tenantId))).toHaveLength(2);
});
