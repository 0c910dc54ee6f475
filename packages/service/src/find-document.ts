import { type DocumentId, type DocumentRecord, isId, maySeeCollection, type TenantActor, type VersionId } from "@footnote/core";
import { notFound } from "./not-found.ts";
import type { ServiceContext } from "./service-context.ts";

/** What names a document's version. */
export interface VersionInput {
  documentId: DocumentId;
  /** A version's id. Default: the one that readers see. */
  version?: string | undefined;
}

/** A document that is not on its way out. */
export async function findDocument({ store }: Pick<ServiceContext, "store">, actor: TenantActor, id: DocumentId): Promise<DocumentRecord> {
  const document = await store.documents.get(actor.tenantId, id);
  if (!document || document.state === "deleting" || !maySeeCollection(actor, document.collectionId)) throw notFound();
  return document;
}

/** Throws `not_found` for what is no version's id. */
export function versionOf({ version }: Pick<VersionInput, "version">): VersionId | undefined {
  if (version !== undefined && !isId("version", version)) throw notFound();
  return version;
}
