import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { FootnoteError, isId, sha256, throwIfAborted, type BlobStore, type TenantId } from "@footnote/core";

/** Blobs as files `<folder>/<tenant>/<sha256>`; written aside, synced and renamed, so that a name always holds whole bytes. */
export function createFileBlobStore(options: { folder: string }): BlobStore {
  const tenantFolder = (tenantId: TenantId) => {
    if (!isId("tenant", tenantId)) throw new FootnoteError("not_found", "The tenant does not exist.");
    return join(options.folder, tenantId);
  };
  const path = (tenantId: TenantId, hash: string) => {
    if (!/^[0-9a-f]{64}$/.test(hash)) throw new FootnoteError("not_found", "The blob's address is malformed.");
    return join(tenantFolder(tenantId), hash);
  };
  return {
    async put({ tenantId, bytes, signal }) {
      throwIfAborted(signal);
      const hash = sha256(bytes);
      const target = path(tenantId, hash);
      const reply = { sha256: hash, sizeBytes: bytes.byteLength };
      if ((await sizeOf(target)) === bytes.byteLength) return reply;
      await mkdir(tenantFolder(tenantId), { recursive: true, mode: 0o700 });
      const aside = `${target}.${randomBytes(6).toString("hex")}.part`;
      try {
        const file = await open(aside, "wx", 0o600);
        try {
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
        throwIfAborted(signal);
        await rename(aside, target);
        const folder = await open(tenantFolder(tenantId), "r");
        try {
          await folder.sync();
        } finally {
          await folder.close();
        }
      } catch (error) {
        await rm(aside, { force: true });
        throw error;
      }
      return reply;
    },
    async get({ tenantId, sha256: hash, signal }) {
      throwIfAborted(signal);
      return absentAsNull(readFile(path(tenantId, hash), signal === undefined ? {} : { signal }));
    },
    async delete({ tenantId, sha256: hash }) {
      return (await absentAsNull(unlink(path(tenantId, hash)).then(() => true))) ?? false;
    },
    async *list({ tenantId, signal }) {
      const names = (await absentAsNull(readdir(tenantFolder(tenantId)))) ?? [];
      for (const name of names.sort()) {
        throwIfAborted(signal);
        if (!/^[0-9a-f]{64}$/.test(name)) continue;
        const sizeBytes = await sizeOf(path(tenantId, name));
        if (sizeBytes !== null) yield { sha256: name, sizeBytes };
      }
    },
  };
}

async function sizeOf(path: string): Promise<number | null> {
  return (await absentAsNull(stat(path)))?.size ?? null;
}

async function absentAsNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}
