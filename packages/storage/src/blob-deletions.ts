import { type BlobStore, type DocumentId, FootnoteError, newId, type TenantId } from "@footnote/core";
import { and, eq, gt, isNull, lte, ne, or, sql } from "drizzle-orm";
import { blobDeletions, documentVersions } from "./schema/documents.ts";
import type { Session, Transaction } from "./session.ts";

interface Deps {
  session: Session;
  blobs: BlobStore;
}
interface Held {
  tenantId: TenantId;
  sha256: string;
  /** The id that a document would get. */
  holder: DocumentId;
}

/** How long a put that was killed keeps bytes from being erased. */
const heldFor = sql`now() + interval '1 hour'`;
const waitsMs = [10, 20, 40, 80, 160, 320, 640, 1280, 2560];

/** Before bytes are put: no erasure takes them from here on. An erasure that is taking them is waited for. */
export async function holdBlob(session: Session, { tenantId, sha256 }: Omit<Held, "holder">): Promise<Held> {
  const holder = newId("document");
  for (const waitMs of [...waitsMs, null]) {
    const isHeld = await session.transaction(tenantId, async (tx) => {
      await lockBlob(tx, tenantId, sha256);
      if (await isTaken(tx, sha256)) return false;
      await tx.db.insert(blobDeletions).values({ tenantId, documentId: holder, sha256, heldUntil: heldFor });
      return true;
    });
    if (isHeld) return { tenantId, sha256, holder };
    if (waitMs !== null) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
  throw beingErased();
}

/** In the transaction that references the bytes: a listed deletion is wanted no more, and what held them for this put ends. */
export async function keepBlob(
  tx: Transaction,
  { tenantId, sha256, holder }: Omit<Held, "holder"> & { holder?: DocumentId },
): Promise<void> {
  await lockBlob(tx, tenantId, sha256);
  if (await isTaken(tx, sha256)) throw beingErased();
  const own = holder === undefined ? undefined : eq(blobDeletions.documentId, holder);
  const gone = await tx.db
    .delete(blobDeletions)
    .where(and(eq(blobDeletions.sha256, sha256), or(isNull(blobDeletions.heldUntil), own)))
    .returning({ id: blobDeletions.documentId });
  if (holder !== undefined && !gone.some(({ id }) => id === holder)) throw beingErased();
}

/** Takes the bytes that the document's erasure listed, and those of puts that were killed; how many there were. */
export async function deleteListedBlobs({ session, blobs }: Deps, tenantId: TenantId, id: DocumentId): Promise<number> {
  const isOver = lte(blobDeletions.heldUntil, sql`now()`);
  const listed = await session.transaction(tenantId, ({ db }) =>
    db
      .select()
      .from(blobDeletions)
      .where(or(eq(blobDeletions.documentId, id), isOver)),
  );
  let removed = 0;
  for (const { documentId, sha256 } of listed) {
    const isGone = await takeBlob({ session, blobs }, { tenantId, sha256, holder: documentId });
    if (isGone && documentId === id) removed += 1;
  }
  return removed;
}

/** The mark stands from before the bytes go until after: a crash in between leaves it, and the next call finishes. */
export async function takeBlob({ session, blobs }: Deps, { tenantId, sha256, holder }: Held): Promise<boolean> {
  const isOwn = and(eq(blobDeletions.documentId, holder), eq(blobDeletions.sha256, sha256));
  const isMarked = await session.transaction(tenantId, async (tx) => {
    const { db } = tx;
    await lockBlob(tx, tenantId, sha256);
    const [used] = await db.select({ id: documentVersions.id }).from(documentVersions).where(eq(documentVersions.sha256, sha256)).limit(1);
    const isOthers = and(eq(blobDeletions.sha256, sha256), ne(blobDeletions.documentId, holder), gt(blobDeletions.heldUntil, sql`now()`));
    const [held] = await db.select({ id: blobDeletions.documentId }).from(blobDeletions).where(isOthers).limit(1);
    if (!used && !held) return (await db.update(blobDeletions).set({ taken: true }).where(isOwn).returning()).length > 0;
    await db.delete(blobDeletions).where(isOwn);
    return false;
  });
  if (!isMarked) return false;
  const isGone = await blobs.delete({ tenantId, sha256 });
  await session.transaction(tenantId, ({ db }) => db.delete(blobDeletions).where(isOwn));
  return isGone;
}

/** Held to the end of the transaction by whoever references, holds or marks the bytes; the builder has no advisory locks. */
async function lockBlob(tx: Transaction, tenantId: TenantId, sha256: string): Promise<void> {
  await tx.query("select pg_advisory_xact_lock(hashtextextended('blob ' || $1 || ' ' || $2, 0))", [tenantId, sha256]);
}

async function isTaken({ db }: Transaction, sha256: string): Promise<boolean> {
  const isMarked = and(eq(blobDeletions.sha256, sha256), blobDeletions.taken);
  return (await db.select({ id: blobDeletions.documentId }).from(blobDeletions).where(isMarked).limit(1)).length > 0;
}

const beingErased = () =>
  new FootnoteError("conflict", "The same bytes are being erased at this moment; put the document again.", { retryable: true });
