/* oxlint-disable vitest/valid-title -- a contract: the name is the adapter's */
import { describe, expect, it } from "vitest";
import { newId } from "../ids.ts";
import type { ChunkId, TenantId, VersionId } from "../ids.ts";
import type { IndexWriter } from "../ports/index-writer.ts";

interface WrittenVersion {
  tenantId: TenantId;
  versionId: VersionId;
  chunkIds: ChunkId[];
}

export interface IndexWriterFixture<Entry extends { chunkId: ChunkId }> {
  writer: IndexWriter<Entry>;
  /** So many chunks of a version of a new tenant, which readers may see and which has no entries yet. */
  version(count: number): Promise<WrittenVersion>;
  /** Of the chunk with this ordinal, unlike those of the others. */
  entryOf(chunkId: ChunkId, ordinal: number): Entry;
  /** What a search of the tenant for the entry of this ordinal finds, the best first. */
  find(version: WrittenVersion, ordinal: number): Promise<ChunkId[]>;
}

/** What every IndexWriter does. */
export function indexWriterContract<Entry extends { chunkId: ChunkId }>(
  name: string,
  fixture: () => Promise<IndexWriterFixture<Entry>>,
): void {
  const total = (counts: Record<string, number>) => Object.values(counts).reduce((sum, count) => sum + count, 0);

  describe(`IndexWriter contract: ${name}`, () => {
    it("lets searches find entries from show to hide, however often it is told", async () => {
      const { writer, version, entryOf, find } = await fixture();
      const made = await version(3);
      const entries = made.chunkIds.map((id, ordinal) => entryOf(id, ordinal));
      await writer.write({ ...made, entries });
      await writer.write({ ...made, entries: entries.slice(1) });
      expect(await find(made, 1)).toEqual([]);
      await writer.show(made);
      await writer.show(made);
      expect((await find(made, 1))[0]).toBe(made.chunkIds[1]);
      expect((await find(made, 2)).filter((id) => id === made.chunkIds[2])).toHaveLength(1);
      await writer.hide(made);
      await writer.hide(made);
      expect(await find(made, 1)).toEqual([]);
    });

    it("lets a chunk's second entry take the place of its first", async () => {
      const { writer, version, entryOf, find } = await fixture();
      const made = await version(2);
      const [first, second] = made.chunkIds;
      if (!first || !second) throw new Error("the fixture made no chunks");
      await writer.write({ ...made, entries: [entryOf(first, 0), entryOf(second, 1)] });
      await writer.write({ ...made, entries: [entryOf(first, 5)] });
      await writer.show(made);
      expect((await find(made, 5))[0]).toBe(first);
    });

    it("refuses an entry of a chunk that the version has not", async () => {
      const { writer, version, entryOf } = await fixture();
      const made = await version(1);
      await expect(writer.write({ ...made, entries: [entryOf(newId("chunk"), 0)] })).rejects.toMatchObject({ code: "not_found" });
    });

    it("removes a version's entries and counts them, once", async () => {
      const { writer, version, entryOf, find } = await fixture();
      const made = await version(2);
      const kept = await version(1);
      for (const each of [made, kept]) {
        await writer.write({ ...each, entries: each.chunkIds.map((id, ordinal) => entryOf(id, ordinal)) });
        await writer.show(each);
      }
      const versionIds = [made.versionId];
      expect(total(await writer.remove({ tenantId: kept.tenantId, versionIds }))).toBe(0);
      expect(await find(made, 0)).not.toEqual([]);
      expect(total(await writer.remove({ tenantId: made.tenantId, versionIds }))).toBeGreaterThanOrEqual(2);
      expect(await find(made, 0)).toEqual([]);
      expect(total(await writer.remove({ tenantId: made.tenantId, versionIds }))).toBe(0);
      expect(await find(kept, 0)).toEqual(kept.chunkIds);
    });
  });
}
