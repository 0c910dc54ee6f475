import type { CollectionId, DocumentId, TenantId, VersionId } from "@footnote/core";
import type { Transaction } from "./session.ts";

/** What is erased: a document with all its versions, or what an earlier try has left of it. */
export interface Erasure {
  /** That of the erasure: a store that is not in this database leaves an outbox row here. */
  tx: Transaction;
  tenantId: TenantId;
  id: DocumentId;
  versionIds: readonly VersionId[];
  /** Null where its row is gone already. */
  document: { collectionId: CollectionId; externalId: string } | null;
}

/** Takes a document out of one store; how much it took, by the names that a deletion's receipt has for it. Safe to run again. */
export type Eraser = (erasure: Erasure) => Promise<Record<string, number>>;
