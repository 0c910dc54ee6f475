import { maySeeCollection, type RunId, type TenantActor } from "@footnote/core";
import { evalDatasetNameSchema } from "@footnote/sdk";
import type { EvalDatasetRecord, EvalRunRecord } from "@footnote/storage";
import { notFound } from "./not-found.ts";
import type { ServiceContext } from "./service-context.ts";

export async function findDataset({ store }: Pick<ServiceContext, "store">, actor: TenantActor, name: string): Promise<EvalDatasetRecord> {
  const dataset = evalDatasetNameSchema.safeParse(name).success ? await store.evaluations.getDataset(actor.tenantId, name) : null;
  if (!dataset || !maySeeCollection(actor, dataset.collectionId)) throw notFound();
  return dataset;
}

export async function findRun({ store }: Pick<ServiceContext, "store">, actor: TenantActor, id: RunId): Promise<EvalRunRecord> {
  const run = await store.evaluations.getRun(actor.tenantId, id);
  if (!run || !maySeeCollection(actor, run.collectionId)) throw notFound();
  return run;
}
