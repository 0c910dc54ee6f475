import type { Attribution, BlobStore, DocumentId, TenantId } from "@footnote/core";
import { and, eq, inArray } from "drizzle-orm";
import { writeAudit } from "./audit.ts";
import { deleteListedBlobs } from "./blob-deletions.ts";
import type { Eraser, Erasure } from "./eraser.ts";
import { createIndexWriters } from "./index-writers.ts";
import { foldCollection } from "./maintenance.ts";
import { redactAnswers } from "./redact-answers.ts";
import { redactEvaluations } from "./redact-evaluations.ts";
import { chunks, documents, documentVersions } from "./schema/documents.ts";
import { idempotencyKeys } from "./schema/tenancy.ts";
import { jobs } from "./schema/work.ts";
import { joining, type Session } from "./session.ts";
import type { EmbeddingSpaceDefinition } from "./store.ts";

/** Every store that holds something of a document, in the order of the receipt: a new one adds its eraser here. */
function erasersOf(spaces: readonly EmbeddingSpaceDefinition[]): readonly Eraser[] {
  return [
    redactAnswers,
    redactEvaluations,
    removeFromIndexes,
    removeChunks,
    removeIdempotencyBodies,
    listBytes,
    removeVersions,
    removeDocument,
  ];

  async function removeFromIndexes({ tx, tenantId, versionIds }: Erasure): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const writer of createIndexWriters(joining(tx), spaces).all) {
      Object.assign(counts, await writer.remove({ tenantId, versionIds }));
    }
    return counts;
  }
}

const removeChunks: Eraser = async ({ tx: { db }, versionIds }) => {
  const removed = await db
    .delete(chunks)
    .where(inArray(chunks.versionId, [...versionIds]))
    .returning({ id: chunks.id });
  return { chunks: removed.length };
};

const removeIdempotencyBodies: Eraser = async ({ tx: { db }, id }) => {
  const removed = await db.delete(idempotencyKeys).where(eq(idempotencyKeys.documentId, id)).returning({ key: idempotencyKeys.key });
  return { idempotencyBodies: removed.length };
};

/** The bytes go after the transaction; until then their list says whose they were. */
const listBytes: Eraser = async ({ tx, id }) => {
  // SQL: a copy from one table to another.
  await tx.query(
    `insert into blob_deletions (tenant_id, document_id, sha256)
     select distinct v.tenant_id, v.document_id, v.sha256 from document_versions v where v.document_id = $1
       and not exists (select from document_versions o where o.tenant_id = v.tenant_id and o.sha256 = v.sha256 and o.document_id <> $1)
     on conflict do nothing`,
    [id],
  );
  return {};
};

const removeVersions: Eraser = async ({ tx: { db }, id }) => {
  const removed = await db.delete(documentVersions).where(eq(documentVersions.documentId, id)).returning({ id: documentVersions.id });
  return { versions: removed.length };
};

/** With what its ingestion's error may quote. */
const removeDocument: Eraser = async ({ tx: { db }, id }) => {
  const removed = await db.delete(documents).where(eq(documents.id, id)).returning({ id: documents.id });
  await db
    .update(jobs)
    .set({ error: null })
    .where(and(eq(jobs.documentId, id), eq(jobs.kind, "ingest")));
  return { documents: removed.length };
};

/** Removes a document from every store; see Store.documents.erase. Safe to run again after a crash at any point. */
export async function eraseDocument(
  { session, blobs, spaces }: { session: Session; blobs: BlobStore; spaces: readonly EmbeddingSpaceDefinition[] },
  { tenantId, id, by }: { tenantId: TenantId; id: DocumentId; by: Attribution },
): Promise<Record<string, number>> {
  let collectionId: string | undefined;
  const receipt = await session.transaction(tenantId, async (tx) => {
    const { db } = tx;
    const [document = null] = await db.select().from(documents).where(eq(documents.id, id)).for("update");
    collectionId = document?.collectionId;
    const known = await db.select({ id: documentVersions.id }).from(documentVersions).where(eq(documentVersions.documentId, id));
    const erasure: Erasure = { tx, tenantId, id, document, versionIds: known.map((version) => version.id) };
    const counts: Record<string, number> = {};
    for (const erase of erasersOf(spaces)) Object.assign(counts, await erase(erasure));
    if (document) await writeAudit(tx, tenantId, by, { action: "document.erase", subject: id });
    return counts;
  });
  // The postings' blocks still name the chunks' numbers and terms until they are folded.
  if (collectionId !== undefined) await foldCollection(session, { tenantId, collectionId, wait: true });
  receipt.blobs = await deleteListedBlobs({ session, blobs }, tenantId, id);
  return receipt;
}
