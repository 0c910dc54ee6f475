import { type CollectionId, FootnoteError, indexHash, newId } from "@footnote/core";
import { and, desc, eq, gt, inArray, isNotNull, ne, or, sql } from "drizzle-orm";
import { QueryBuilder } from "drizzle-orm/pg-core";
import { writeAudit } from "./audit.ts";
import { readPage, toPage } from "./paging.ts";
import { readSpec } from "./records.ts";
import { collections, documents } from "./schema/documents.ts";
import type { Session, Transaction } from "./session.ts";
import type { Store } from "./store.ts";
import type { CollectionRecord } from "./store/collections.ts";

const { id, name, settings, createdAt, updatedAt } = collections;
const isShown = ne(documents.state, "deleting");
const counted = new QueryBuilder()
  .select({ documentCount: sql<number>`count(*)::integer`.as("document_count") })
  .from(documents)
  .where(and(eq(documents.tenantId, collections.tenantId), eq(documents.collectionId, id), isShown))
  .as("counted");

const selectFrom = ({ db }: Transaction) =>
  db.select({ id, name, settings, createdAt, updatedAt, documentCount: counted.documentCount }).from(collections).crossJoinLateral(counted);

const toCollection = (row: CollectionRecord): CollectionRecord => ({
  ...row,
  settings: { ...row.settings, pipeline: readSpec(row.settings.pipeline) },
});

export function createCollectionRepository(session: Session): Store["collections"] {
  return {
    put: (tenantId, { name: wanted, settings: given, by }) =>
      session.transaction(tenantId, async (tx) => {
        const inserted = await tx.db
          .insert(collections)
          .values({ tenantId, id: newId("collection"), name: wanted, settings: given })
          .onConflictDoNothing({ target: [collections.tenantId, name] })
          .returning({ id });
        const created = inserted.length > 0;
        const [row] = await selectFrom(tx).where(eq(name, wanted)).for("update", { of: collections });
        if (!row) throw new FootnoteError("storage_failed", "A collection could not be read back after it was written; try again.");
        if (!created) {
          if (row.documentCount > 0 && indexHash(row.settings.pipeline) !== indexHash(given.pipeline)) {
            throw new FootnoteError(
              "pipeline_incompatible",
              "The collection was built with another chunker, embedding space or analyzer; make a new collection for this pipeline.",
              { details: { collection: wanted } },
            );
          }
          await tx.db
            .update(collections)
            .set({ settings: given, updatedAt: sql`now()` })
            .where(eq(id, row.id));
        }
        await writeAudit(tx, tenantId, by, {
          action: created ? "collection.create" : "collection.update",
          subject: row.id,
          details: { name: wanted },
        });
        const [after] = await selectFrom(tx).where(eq(id, row.id));
        return { collection: toCollection(after ?? row), created };
      }),
    async get(tenantId, nameOrId) {
      const isIt = sql`${id} = ${nameOrId}`;
      const [row] = await session.transaction(tenantId, (tx) =>
        selectFrom(tx)
          .where(or(isIt, eq(name, nameOrId)))
          .orderBy(desc(isIt))
          .limit(1),
      );
      return row ? toCollection(row) : null;
    },
    async list(tenantId, page) {
      const { limit, after } = readPage(page, "collection");
      const rows = await session.transaction(tenantId, (tx) =>
        selectFrom(tx)
          .where(and(after === null ? undefined : gt(id, after), page.only ? inArray(id, page.only) : undefined))
          .orderBy(id)
          .limit(limit + 1),
      );
      return toPage(rows, limit, toCollection, (row) => row.id);
    },
    async languages(tenantId, ids) {
      if (ids.length === 0) return new Map();
      const { collectionId, language } = documents;
      const count = sql<number>`count(*)::integer`;
      const rows = await session.transaction(tenantId, ({ db }) =>
        db
          .select({ collectionId, language, documents: count })
          .from(documents)
          .where(and(inArray(collectionId, [...ids]), isNotNull(documents.versionId), isShown))
          .groupBy(collectionId, language)
          .orderBy(collectionId, desc(count), language),
      );
      const found = new Map<CollectionId, { language: string | null; documents: number }[]>();
      for (const { collectionId: of, ...row } of rows) found.set(of, [...(found.get(of) ?? []), row]);
      return found;
    },
  };
}
