import { maySeeCollection, type TenantActor } from "@footnote/core";
import type { CollectionRecord } from "@footnote/storage";
import { notFound } from "./not-found.ts";
import type { ServiceContext } from "./service-context.ts";

/** A collection by name or id. No name holds a NUL, and Postgres refuses to look for one. */
export async function findCollection(
  { store }: Pick<ServiceContext, "store">,
  actor: TenantActor,
  nameOrId: string,
): Promise<CollectionRecord> {
  const collection = nameOrId.length <= 100 && !nameOrId.includes("\0") ? await store.collections.get(actor.tenantId, nameOrId) : null;
  if (!collection || !maySeeCollection(actor, collection.id)) throw notFound();
  return collection;
}
