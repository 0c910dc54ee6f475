import type { Attribution, CollectionId, KeyId, Scope, TenantId } from "@footnote/core";
import type { PageRequest, PageResult } from "./paging.ts";

export interface KeyRecord {
  id: KeyId;
  name: string;
  scopes: Scope[];
  /** Null: every collection of the tenant. */
  collections: CollectionId[] | null;
  expiresAt: Date | null;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
  createdAt: Date;
}

export interface NewKey {
  id: KeyId;
  name: string;
  digest: string;
  scopes: Scope[];
  collections?: CollectionId[] | null;
  expiresAt?: Date | null;
}

export interface KeyRepository {
  create(tenantId: TenantId, key: NewKey, by: Attribution): Promise<KeyRecord>;
  list(tenantId: TenantId, page: PageRequest): Promise<PageResult<KeyRecord>>;
  revoke(tenantId: TenantId, id: KeyId, by: Attribution): Promise<KeyRecord | null>;
}
