import type { Attribution, CollectionId, JobId, KeyId, Scope, TenantId } from "@footnote/core";
import type { PageRequest, PageResult } from "./paging.ts";

export interface TenantRecord {
  id: TenantId;
  name: string;
  createdAt: Date;
}

/** What authentication needs; found without a tenant through a listed function. Digests are SHA-256 in hex. */
export interface AuthenticationRecord {
  keyId: KeyId;
  /** Null for an operator's key. */
  tenantId: TenantId | null;
  digest: string;
  scopes: Scope[];
  collections: CollectionId[] | null;
  expiresAt: Date | null;
  revokedAt: Date | null;
}

/** Something to be delivered after its transaction: `job` leads to the queue; a derived index has a topic of its own. */
export interface OutboxRow {
  id: string;
  tenantId: TenantId;
  topic: string;
  /** Ids, never content. */
  payload: Record<string, string>;
  runAfter: Date | null;
}

/** Work without a tenant: ids and routing fields only, through the listed SECURITY DEFINER functions. */
export interface Routing {
  authenticate(keyId: KeyId): Promise<AuthenticationRecord | null>;
  touchKey(keyId: KeyId): Promise<void>;
  createTenant(tenant: { name: string; by: Attribution }): Promise<TenantRecord>;
  getTenant(id: TenantId): Promise<TenantRecord | null>;
  listTenants(page: PageRequest): Promise<PageResult<TenantRecord>>;
  /** Makes an operator's key (fn_op_…); rows in a table of their own. */
  createOperatorKey(key: { id: KeyId; name: string; digest: string; by: Attribution }): Promise<void>;
  countOperatorKeys(): Promise<number>;
  /** Claims up to `limit` undelivered outbox rows of these topics for `leaseMs`; fair over tenants (round robin). */
  claimOutbox(options: { topics: readonly string[]; limit: number; leaseMs: number }): Promise<OutboxRow[]>;
  completeOutbox(ids: readonly string[]): Promise<void>;
  /** Jobs that are queued and due, or running with a heartbeat older than `staleMs`, and have no outbox row: what a crash left behind. */
  strandedJobs(options: { staleMs: number; limit: number }): Promise<{ tenantId: TenantId; jobId: JobId }[]>;
  /** Tenants whose postings and lexical statistics have unfolded deltas. */
  tenantsWithIndexWork(limit: number): Promise<TenantId[]>;
}
