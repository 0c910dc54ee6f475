import { FootnoteError, newId, type BlobStore, type DocumentId, type TenantId, type VersionId } from "@footnote/core";
import { and, desc, eq, exists, getTableColumns, gt, inArray, ne, sql } from "drizzle-orm";
import { writeAudit } from "./audit.ts";
import { holdBlob, keepBlob, takeBlob } from "./blob-deletions.ts";
import { eraseDocument } from "./erase.ts";
import { createIndexWriters } from "./index-writers.ts";
import { insertJob } from "./insert-job.ts";
import { cancelWaiting } from "./jobs.ts";
import { readNumberedPage, readPage, toPage } from "./paging.ts";
import { jobColumns, toChunk, toDocumentJob, versionColumns } from "./records.ts";
import { chunks, collections, documents, documentVersions } from "./schema/documents.ts";
import { jobs } from "./schema/work.ts";
import { joining, type Session, type Transaction } from "./session.ts";
import type { EmbeddingSpaceDefinition, Store } from "./store.ts";
import type { DocumentToPut } from "./store/documents.ts";

const now = sql`now()`;
const { newestVersionId: _newestVersionId, ...documentColumns } = getTableColumns(documents);

export function createDocumentRepository(
  session: Session,
  blobs: BlobStore,
  spaces: readonly EmbeddingSpaceDefinition[],
): Store["documents"] {
  return {
    async put(tenantId, input) {
      const { bytes, sha256 } = input;
      if (bytes === undefined) return session.transaction(tenantId, (tx) => putDocument(tx, tenantId, input));
      const held = await holdBlob(session, { tenantId, sha256 });
      try {
        await blobs.put({ tenantId, bytes });
        return await session.transaction(tenantId, (tx) => putDocument(tx, tenantId, input, held.holder));
      } catch (error) {
        await takeBlob({ session, blobs }, held).catch(() => {});
        throw error;
      }
    },
    async get(tenantId, id) {
      const [row] = await session.transaction(tenantId, ({ db }) => db.select(documentColumns).from(documents).where(eq(documents.id, id)));
      return row ?? null;
    },
    async list(tenantId, collectionId, page) {
      const { limit, after } = readPage(page, "document");
      const rows = await session.transaction(tenantId, ({ db }) =>
        db
          .select(documentColumns)
          .from(documents)
          .where(and(eq(documents.collectionId, collectionId), after === null ? undefined : gt(documents.id, after)))
          .orderBy(documents.id)
          .limit(limit + 1),
      );
      return toPage(
        rows,
        limit,
        (row) => row,
        (row) => row.id,
      );
    },
    async text(tenantId, id, versionId) {
      const [row] = await session.transaction(tenantId, (tx) =>
        tx.db
          .select({ version: versionColumns, text: documentVersions.text })
          .from(documentVersions)
          .where(isReadable(tx, id, versionId)),
      );
      return row?.text == null ? null : { text: row.text, version: row.version };
    },
    async chunks(tenantId, id, page) {
      const { limit, after } = readNumberedPage(page);
      return session.transaction(tenantId, async (tx) => {
        const [version] = await tx.db
          .select({ id: documentVersions.id })
          .from(documentVersions)
          .where(isReadable(tx, id, page.versionId));
        if (!version) return null;
        const rows = await tx.db
          .select()
          .from(chunks)
          .where(and(eq(chunks.versionId, version.id), sql`${chunks.ordinal} > ${after ?? -1}::bigint`))
          .orderBy(chunks.ordinal)
          .limit(limit + 1);
        return toPage(rows, limit, toChunk, (row) => String(row.ordinal));
      });
    },
    requestDeletion: (tenantId, id, by) =>
      session.transaction(tenantId, async (tx) => {
        const { db } = tx;
        const [document] = await db.select().from(documents).where(eq(documents.id, id)).for("update");
        if (!document) return null;
        if (document.state === "deleting") {
          const isDeletion = and(eq(jobs.documentId, id), eq(jobs.kind, "delete"));
          const [running] = await db.select(jobColumns).from(jobs).where(isDeletion).orderBy(desc(jobs.id)).limit(1);
          if (running) return toDocumentJob(running);
        }
        await db.update(documents).set({ state: "deleting", updatedAt: now }).where(eq(documents.id, id));
        if (document.versionId !== null) {
          for (const writer of createIndexWriters(joining(tx), spaces).all) await writer.hide({ tenantId, versionId: document.versionId });
        }
        await db
          .update(documentVersions)
          .set({ live: false })
          .where(and(eq(documentVersions.documentId, id), documentVersions.live));
        // Ingestion of what goes away ends: waiting jobs at once, a running one at its next heartbeat.
        await db
          .update(jobs)
          .set(cancelWaiting)
          .where(and(eq(jobs.documentId, id), eq(jobs.kind, "ingest"), inArray(jobs.state, ["queued", "running"])));
        const { collectionId } = document;
        const job = await insertJob(tx, { tenantId, kind: "delete", collectionId, documentId: id, versionId: null });
        await writeAudit(tx, tenantId, by, { action: "document.delete", subject: id });
        return toDocumentJob(job);
      }),
    erase: (tenantId, id, by) => eraseDocument({ session, blobs, spaces }, { tenantId, id, by }),
  };
}

/** The version asked for, or the live one, of a document that is not going away. */
const isReadable = ({ db }: Transaction, id: DocumentId, versionId?: VersionId) =>
  and(
    eq(documentVersions.documentId, id),
    versionId === undefined ? documentVersions.live : eq(documentVersions.id, versionId),
    exists(
      db
        .select({ id: documents.id })
        .from(documents)
        .where(and(eq(documents.id, id), ne(documents.state, "deleting"))),
    ),
  );

async function putDocument(tx: Transaction, tenantId: TenantId, input: DocumentToPut, holder?: DocumentId) {
  const { db } = tx;
  const { collectionId, externalId, mediaType, sizeBytes, sha256 } = input;
  const [collection] = await db.select({ id: collections.id }).from(collections).where(eq(collections.id, collectionId));
  if (!collection) throw new FootnoteError("not_found", "The collection does not exist.");
  const { title = null, metadata = {}, access = [] } = input;
  if (Buffer.byteLength(JSON.stringify(metadata)) > 4096) {
    throw new FootnoteError("invalid_request", "The metadata is larger than 4,096 bytes as JSON; make it smaller.");
  }
  const versionId = newId("version");
  const shown = { metadata, access, mediaType, sizeBytes };
  const documentId = holder ?? newId("document");
  await db
    .insert(documents)
    .values({ tenantId, id: documentId, collectionId, externalId, title, ...shown, state: "pending", newestVersionId: versionId })
    .onConflictDoNothing({ target: [documents.tenantId, documents.collectionId, documents.externalId] });
  const isIt = and(eq(documents.collectionId, collectionId), eq(documents.externalId, externalId));
  const [found] = await db.select().from(documents).where(isIt).for("update");
  if (!found) throw new FootnoteError("conflict", "The document was erased while it was being put; put it again.", { retryable: true });
  if (found.state === "deleting") {
    throw new FootnoteError("conflict", "The document is being deleted; put it again when the deletion's job is done.", {
      retryable: true,
    });
  }
  const [document] = await db
    .update(documents)
    // What readers see changes with the flip; before the first flip nobody reads it.
    .set({
      state: "pending",
      error: null,
      newestVersionId: versionId,
      updatedAt: now,
      ...(found.versionId === null ? { title, ...shown } : {}),
    })
    .where(eq(documents.id, found.id))
    .returning(documentColumns);
  const numbers = db
    .select({ next: sql`coalesce(max(${documentVersions.number}), 0) + 1` })
    .from(documentVersions)
    .where(eq(documentVersions.documentId, found.id));
  const given = { sha256, fileName: input.fileName ?? null, givenTitle: title };
  const [version] = await db
    .insert(documentVersions)
    .values({
      tenantId,
      id: versionId,
      documentId: found.id,
      collectionId,
      number: sql`(${numbers})`,
      state: "pending",
      ...given,
      ...shown,
    })
    .returning(versionColumns);
  if (!document || !version) throw new FootnoteError("storage_failed", "A document was not stored; try again.");
  await keepBlob(tx, { tenantId, sha256, ...(holder === undefined ? {} : { holder }) });
  const job = await insertJob(tx, { tenantId, kind: "ingest", collectionId, documentId: found.id, versionId });
  await writeAudit(tx, tenantId, input.by, { action: "document.put", subject: found.id, details: { version: versionId } });
  return { document, version, job: toDocumentJob(job) };
}
