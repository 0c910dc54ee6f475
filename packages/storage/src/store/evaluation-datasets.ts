import type { Attribution, CollectionId, TenantId } from "@footnote/core";
import type { PageRequest, PageResult } from "./paging.ts";

/** Questions of a tenant about a collection. */
export interface EvalDatasetRecord {
  name: string;
  collectionId: CollectionId;
  /** Over its cases, order left aside. */
  sha256: string;
  caseCount: number;
  createdAt: Date;
  updatedAt: Date;
}

/** A dataset is about one collection; erasing a document removes its cases. */
export interface DatasetRepository {
  /** Replaces a dataset of the name. `conflict` while a run over other cases of it is under way. */
  putDataset(
    tenantId: TenantId,
    dataset: {
      name: string;
      collectionId: CollectionId;
      cases: readonly { id: string; split: string; documents: readonly string[]; sha256: string; body: object }[];
      by: Attribution;
    },
  ): Promise<{ dataset: EvalDatasetRecord; created: boolean }>;
  getDataset(tenantId: TenantId, name: string): Promise<EvalDatasetRecord | null>;
  /** Newest first. `only`: of these collections. */
  listDatasets(tenantId: TenantId, page: PageRequest & { only?: readonly CollectionId[] | null }): Promise<PageResult<EvalDatasetRecord>>;
  /** Runs over it stay. False: unknown. */
  deleteDataset(tenantId: TenantId, name: string, by: Attribution): Promise<boolean>;
  /** Bodies of a split's cases, in order. */
  cases(tenantId: TenantId, name: string, options: { split: string }): Promise<unknown[]>;
}
