import type { Attribution, PipelineSpec, TenantId } from "@footnote/core";

export interface PipelineRepository {
  list(tenantId: TenantId): Promise<{ id: string; spec: PipelineSpec; hash: string; createdAt: Date }[]>;
  /** Throws `invalid_request` for a name that belongs to the server. */
  put(tenantId: TenantId, spec: PipelineSpec, by: Attribution): Promise<{ id: string; hash: string }>;
}
