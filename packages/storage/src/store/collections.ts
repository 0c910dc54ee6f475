import type { Attribution, CollectionId, PipelineSpec, TenantId } from "@footnote/core";
import type { PageRequest, PageResult } from "./paging.ts";

export interface CollectionSettings {
  /** The pipeline whose `index` part the collection is built with, and the default one for requests. */
  pipeline: PipelineSpec;
  description?: string;
  retention?: { versions: number };
}

export interface CollectionRecord {
  id: CollectionId;
  name: string;
  settings: CollectionSettings;
  documentCount: number;
  createdAt: Date;
  updatedAt: Date;
}

export interface CollectionRepository {
  /** Creates or updates by name. An update that changes the index part of a non-empty collection's pipeline throws `pipeline_incompatible`. */
  put(
    tenantId: TenantId,
    collection: { name: string; settings: CollectionSettings; by: Attribution },
  ): Promise<{ collection: CollectionRecord; created: boolean }>;
  get(tenantId: TenantId, nameOrId: string): Promise<CollectionRecord | null>;
  list(tenantId: TenantId, page: PageRequest & { only?: CollectionId[] | null }): Promise<PageResult<CollectionRecord>>;
  /** Documents by the language of the version that readers see; a collection without any is not in the result. */
  languages(tenantId: TenantId, ids: readonly CollectionId[]): Promise<Map<CollectionId, { language: string | null; documents: number }[]>>;
}
