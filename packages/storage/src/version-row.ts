import { FootnoteError, type VersionId } from "@footnote/core";
import { versionColumns, type VersionRow } from "./records.ts";
import type { Transaction } from "./session.ts";

const ended = ["live", "superseded", "failed", "cancelled"];

export const hasEnded = ({ state }: VersionRow): boolean => ended.includes(state);

/** The version, locked, or `not_found`; one that has ended takes no more writes. */
export async function lockVersion(tx: Transaction, id: VersionId): Promise<VersionRow> {
  const [version] = await tx.query<VersionRow>(`select ${versionColumns} from document_versions where id = $1 for update`, [id]);
  if (!version) throw new FootnoteError("not_found", "The document version does not exist.");
  if (hasEnded(version)) {
    throw new FootnoteError("conflict", `The document version is ${version.state} and takes no more changes.`, {
      details: { versionId: id },
    });
  }
  return version;
}

export async function setState(tx: Transaction, version: VersionRow, state: string, document: string | null): Promise<void> {
  await tx.query("update document_versions set state = $2 where id = $1", [version.id, state]);
  if (document === null) return;
  await tx.query("update documents set state = $3, updated_at = now() where id = $1 and newest_version_id = $2 and state <> 'deleting'", [
    version.document_id,
    version.id,
    document,
  ]);
}
