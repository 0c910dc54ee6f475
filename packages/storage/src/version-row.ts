import { FootnoteError, type DocumentState, type VersionId } from "@footnote/core";
import { and, eq, ne, sql } from "drizzle-orm";
import { versionColumns } from "./records.ts";
import { documents, documentVersions } from "./schema/documents.ts";
import type { Transaction } from "./session.ts";
import type { VersionRecord, VersionState } from "./store/versions.ts";

const ended: readonly VersionState[] = ["live", "superseded", "failed", "cancelled"];

/** The version, locked, unless it has ended. */
export async function lockOpenVersion({ db }: Transaction, id: VersionId): Promise<VersionRecord | null> {
  const version = await lockRow({ db }, id);
  return version && !ended.includes(version.state) ? version : null;
}

/** The version, locked, or `not_found`; one that has ended takes no more writes. */
export async function lockVersion({ db }: Transaction, id: VersionId): Promise<VersionRecord> {
  const version = await lockRow({ db }, id);
  if (!version) throw new FootnoteError("not_found", "The document version does not exist.");
  if (ended.includes(version.state)) {
    throw new FootnoteError("conflict", `The document version is ${version.state} and takes no more changes.`, {
      details: { versionId: id },
    });
  }
  return version;
}

async function lockRow({ db }: Pick<Transaction, "db">, id: VersionId): Promise<VersionRecord | undefined> {
  const [version] = await db.select(versionColumns).from(documentVersions).where(eq(documentVersions.id, id)).for("update");
  return version;
}

export async function setState(
  { db }: Transaction,
  version: VersionRecord,
  state: VersionState,
  document: DocumentState | null,
): Promise<void> {
  await db.update(documentVersions).set({ state }).where(eq(documentVersions.id, version.id));
  if (document === null) return;
  await db
    .update(documents)
    .set({ state: document, updatedAt: sql`now()` })
    .where(and(eq(documents.id, version.documentId), eq(documents.newestVersionId, version.id), ne(documents.state, "deleting")));
}
