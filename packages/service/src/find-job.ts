import { type JobId, type JobRecord, maySeeCollection, type TenantActor } from "@footnote/core";
import { notFound } from "./not-found.ts";
import type { ServiceContext } from "./service-context.ts";

export async function findJob({ store }: Pick<ServiceContext, "store">, actor: TenantActor, id: JobId): Promise<JobRecord> {
  const job = await store.jobs.get(actor.tenantId, id);
  if (!job || !maySeeCollection(actor, job.collectionId)) throw notFound();
  return job;
}
