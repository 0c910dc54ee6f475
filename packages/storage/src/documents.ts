import { FootnoteError, newId, type BlobStore } from "@footnote/core";
import { writeAudit } from "./audit.ts";
import { eraseDocument, lockBlob } from "./erase.ts";
import { createIndexWriters } from "./index-writers.ts";
import { insertJob } from "./insert-job.ts";
import { readNumberedPage, readPage, toPage } from "./paging.ts";
import {
  chunkColumns,
  documentColumns,
  jobColumns,
  toChunk,
  toDocument,
  toDocumentJob,
  toVersion,
  versionColumns,
  type ChunkRow,
  type DocumentRow,
  type JobRow,
  type VersionRow,
} from "./records.ts";
import { joining, type Session } from "./session.ts";
import type { EmbeddingSpaceDefinition, Store } from "./store.ts";

export function createDocumentRepository(
  session: Session,
  blobs: BlobStore,
  spaces: readonly EmbeddingSpaceDefinition[],
): Store["documents"] {
  return {
    put: (tenantId, input) =>
      session.transaction(tenantId, async (tx) => {
        const [collection] = await tx.query("select id from collections where id = $1", [input.collectionId]);
        if (!collection) throw new FootnoteError("not_found", "The collection does not exist.");
        const metadata = JSON.stringify(input.metadata ?? {});
        if (Buffer.byteLength(metadata) > 4096) {
          throw new FootnoteError("invalid_request", "The metadata is larger than 4,096 bytes as JSON; make it smaller.");
        }
        const access = input.access ?? [];
        const versionId = newId("version");
        const values = [input.title ?? null, metadata, access, input.mediaType, input.sizeBytes, versionId];
        await tx.query(
          `insert into documents (tenant_id, id, collection_id, external_id, title, metadata, access, media_type, size_bytes, state, newest_version_id)
           values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, 'pending', $10) on conflict (tenant_id, collection_id, external_id) do nothing`,
          [tenantId, newId("document"), input.collectionId, input.externalId, ...values],
        );
        const [found] = await tx.query<DocumentRow>(
          `select ${documentColumns} from documents where collection_id = $1 and external_id = $2 for update`,
          [input.collectionId, input.externalId],
        );
        if (!found)
          throw new FootnoteError("conflict", "The document was erased while it was being put; put it again.", { retryable: true });
        if (found.state === "deleting") {
          throw new FootnoteError("conflict", "The document is being deleted; put it again when the deletion's job is done.", {
            retryable: true,
          });
        }
        // What readers see changes with the flip; before the first flip nobody reads it.
        const [document] = await tx.query<DocumentRow>(
          `update documents set state = 'pending', error = null, newest_version_id = $2, updated_at = now(),
             title = case when version_id is null then $3 else title end,
             metadata = case when version_id is null then $4::jsonb else metadata end,
             access = case when version_id is null then $5::text[] else access end,
             media_type = case when version_id is null then $6 else media_type end,
             size_bytes = case when version_id is null then $7::bigint else size_bytes end
           where id = $1 returning ${documentColumns}`,
          [found.id, versionId, input.title ?? null, metadata, access, input.mediaType, input.sizeBytes],
        );
        const [version] = await tx.query<VersionRow>(
          `insert into document_versions (tenant_id, id, document_id, collection_id, number, state, sha256, size_bytes, media_type, file_name, given_title, metadata, access)
           values ($1, $2, $3, $4, (select coalesce(max(number), 0) + 1 from document_versions where document_id = $3), 'pending', $5, $6, $7, $8, $9, $10::jsonb, $11)
           returning ${versionColumns}`,
          [
            tenantId,
            versionId,
            found.id,
            input.collectionId,
            input.sha256,
            input.sizeBytes,
            input.mediaType,
            input.fileName ?? null,
            input.title ?? null,
            metadata,
            access,
          ],
        );
        if (!document || !version) throw new FootnoteError("storage_failed", "A document was not stored; try again.");
        // A blob that an erasure has put on its list is wanted again; one that it took since the caller put it is written again.
        await lockBlob(tx, tenantId, input.sha256);
        if (input.bytes !== undefined) await blobs.put({ tenantId, bytes: input.bytes });
        await tx.query("delete from blob_deletions where sha256 = $1", [input.sha256]);
        const job = await insertJob(tx, { tenantId, kind: "ingest", collectionId: input.collectionId, documentId: found.id, versionId });
        await writeAudit(tx, tenantId, input.by, { action: "document.put", subject: found.id, details: { version: versionId } });
        return { document: toDocument(document), version: toVersion(version), job: toDocumentJob(job) };
      }),
    async get(tenantId, id) {
      const [row] = await session.transaction(tenantId, (tx) =>
        tx.query<DocumentRow>(`select ${documentColumns} from documents where id = $1`, [id]),
      );
      return row ? toDocument(row) : null;
    },
    async list(tenantId, collectionId, page) {
      const { limit, after } = readPage(page, "document");
      const rows = await session.transaction(tenantId, (tx) =>
        tx.query<DocumentRow>(
          `select ${documentColumns} from documents where collection_id = $1 and ($2::text is null or id > $2) order by id limit $3`,
          [collectionId, after, limit + 1],
        ),
      );
      return toPage(rows, limit, toDocument, (row) => row.id);
    },
    async text(tenantId, id, versionId) {
      const [row] = await session.transaction(tenantId, (tx) =>
        tx.query<VersionRow & { text: string | null }>(
          `select ${versionColumns}, text from document_versions v
           where v.document_id = $1 and (v.id = $2 or ($2::text is null and v.live))
             and exists (select from documents d where d.id = $1 and d.state <> 'deleting')`,
          [id, versionId ?? null],
        ),
      );
      return row?.text == null ? null : { text: row.text, version: toVersion(row) };
    },
    async chunks(tenantId, id, page) {
      const { limit, after } = readNumberedPage(page);
      return session.transaction(tenantId, async (tx) => {
        const [version] = await tx.query<{ id: string }>(
          `select v.id from document_versions v where v.document_id = $1 and (v.id = $2 or ($2::text is null and v.live))
             and exists (select from documents d where d.id = $1 and d.state <> 'deleting')`,
          [id, page.versionId ?? null],
        );
        if (!version) return null;
        const rows = await tx.query<ChunkRow>(
          `select ${chunkColumns} from chunks k where k.version_id = $1 and k.ordinal > $2::bigint order by k.ordinal limit $3`,
          [version.id, after ?? -1, limit + 1],
        );
        return toPage(rows, limit, toChunk, (row) => String(row.ordinal));
      });
    },
    requestDeletion: (tenantId, id, by) =>
      session.transaction(tenantId, async (tx) => {
        const [document] = await tx.query<DocumentRow>(`select ${documentColumns} from documents where id = $1 for update`, [id]);
        if (!document) return null;
        if (document.state === "deleting") {
          const [running] = await tx.query<JobRow>(
            `select ${jobColumns} from jobs where document_id = $1 and kind = 'delete' order by id desc limit 1`,
            [id],
          );
          if (running) return toDocumentJob(running);
        }
        await tx.query("update documents set state = 'deleting', updated_at = now() where id = $1", [id]);
        if (document.version_id !== null) {
          for (const writer of createIndexWriters(joining(tx), spaces).all) await writer.hide({ tenantId, versionId: document.version_id });
        }
        await tx.query("update document_versions set live = false where document_id = $1 and live", [id]);
        // Ingestion of what goes away ends: waiting jobs at once, a running one at its next heartbeat.
        await tx.query(
          `update jobs set cancel_requested = true, updated_at = now(),
             state = case when state = 'queued' then 'cancelled' else state end,
             finished_at = case when state = 'queued' then now() else finished_at end
           where document_id = $1 and kind = 'ingest' and state in ('queued', 'running')`,
          [id],
        );
        const job = await insertJob(tx, {
          tenantId,
          kind: "delete",
          collectionId: document.collection_id,
          documentId: id,
          versionId: null,
        });
        await writeAudit(tx, tenantId, by, { action: "document.delete", subject: id });
        return toDocumentJob(job);
      }),
    erase: (tenantId, id, by) => eraseDocument({ session, blobs, spaces }, { tenantId, id, by }),
  };
}
