import { type CollectionId, FootnoteError, indexHash, newId } from "@footnote/core";
import { writeAudit } from "./audit.ts";
import { readPage, toPage } from "./paging.ts";
import { collectionColumns, toCollection, type CollectionRow } from "./records.ts";
import type { Session } from "./session.ts";
import type { Store } from "./store.ts";

export function createCollectionRepository(session: Session): Store["collections"] {
  return {
    put: (tenantId, { name, settings, by }) =>
      session.transaction(tenantId, async (tx) => {
        const json = JSON.stringify(settings);
        const inserted = await tx.query<{ id: string }>(
          `insert into collections (tenant_id, id, name, settings) values ($1, $2, $3, $4::jsonb)
           on conflict (tenant_id, name) do nothing returning id`,
          [tenantId, newId("collection"), name, json],
        );
        const created = inserted.length > 0;
        const [row] = await tx.query<CollectionRow>(`select ${collectionColumns} from collections c where c.name = $1 for update`, [name]);
        if (!row) throw new FootnoteError("storage_failed", "A collection could not be read back after it was written; try again.");
        if (!created) {
          if (row.document_count > 0 && indexHash(row.settings.pipeline) !== indexHash(settings.pipeline)) {
            throw new FootnoteError(
              "pipeline_incompatible",
              "The collection was built with another chunker, embedding space or analyzer; make a new collection for this pipeline.",
              { details: { collection: name } },
            );
          }
          await tx.query("update collections set settings = $2::jsonb, updated_at = now() where id = $1", [row.id, json]);
        }
        await writeAudit(tx, tenantId, by, {
          action: created ? "collection.create" : "collection.update",
          subject: row.id,
          details: { name },
        });
        const [after] = await tx.query<CollectionRow>(`select ${collectionColumns} from collections c where c.id = $1`, [row.id]);
        return { collection: toCollection(after ?? row), created };
      }),
    async get(tenantId, nameOrId) {
      const [row] = await session.transaction(tenantId, (tx) =>
        tx.query<CollectionRow>(
          `select ${collectionColumns} from collections c where c.id = $1 or c.name = $1 order by (c.id = $1) desc limit 1`,
          [nameOrId],
        ),
      );
      return row ? toCollection(row) : null;
    },
    async list(tenantId, page) {
      const { limit, after } = readPage(page, "collection");
      const rows = await session.transaction(tenantId, (tx) =>
        tx.query<CollectionRow>(
          `select ${collectionColumns} from collections c
           where ($1::text is null or c.id > $1) and ($2::text[] is null or c.id = any($2)) order by c.id limit $3`,
          [after, page.only ?? null, limit + 1],
        ),
      );
      return toPage(rows, limit, toCollection, (row) => row.id);
    },
    async languages(tenantId, ids) {
      if (ids.length === 0) return new Map();
      const rows = await session.transaction(tenantId, (tx) =>
        tx.query<{ collection_id: CollectionId; language: string | null; documents: number }>(
          `select collection_id, language, count(*)::integer as documents from documents
           where collection_id = any($1) and version_id is not null and state <> 'deleting' group by 1, 2 order by 1, 3 desc, 2`,
          [ids],
        ),
      );
      const found = new Map<CollectionId, { language: string | null; documents: number }[]>();
      for (const { collection_id: id, language, documents } of rows) found.set(id, [...(found.get(id) ?? []), { language, documents }]);
      return found;
    },
  };
}
