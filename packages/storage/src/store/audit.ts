import type { ActorRef, TenantId } from "@footnote/core";
import type { PageRequest, PageResult } from "./paging.ts";

export interface AuditEntry {
  actor: ActorRef;
  action: string;
  subject: string;
  requestId: string | null;
  details: Record<string, string | number | boolean | null>;
  createdAt: Date;
}

export interface AuditRepository {
  list(tenantId: TenantId, page: PageRequest): Promise<PageResult<AuditEntry>>;
}
