import { type Attribution, type CollectionId, newId, type Scope, type TenantId } from "@footnote/core";
import type { KeyRecord, Store } from "@footnote/storage";
import { makeKey } from "./key-format.ts";

/** Makes a tenant's key. `key` is the secret: shown once, never stored. Throws `not_found` for an unknown tenant. */
export async function issueKey(
  store: Pick<Store, "keys">,
  tenantId: TenantId,
  request: {
    name: string;
    scopes: readonly Scope[];
    collections?: readonly CollectionId[] | null;
    expiresAt?: Date | null;
    by: Attribution;
  },
): Promise<{ record: KeyRecord; key: string }> {
  const id = newId("key");
  const { key, digest } = makeKey("tenant", id);
  const record = await store.keys.create(
    tenantId,
    {
      id,
      name: request.name,
      digest,
      scopes: [...new Set(request.scopes)],
      collections: request.collections ? [...request.collections] : null,
      expiresAt: request.expiresAt ?? null,
    },
    request.by,
  );
  return { record, key };
}

/** Makes an operator's key, which is good for /v1/admin and nothing else. */
export async function issueOperatorKey(
  store: Pick<Store, "routing">,
  request: { name: string; by: Attribution },
): Promise<{ key: string }> {
  const id = newId("key");
  const { key, digest } = makeKey("operator", id);
  await store.routing.createOperatorKey({ id, name: request.name, digest, by: request.by });
  return { key };
}

/** The first operator's key of a new installation; null when there is one already. */
export async function bootstrapOperator(
  store: Pick<Store, "routing">,
  by: Attribution,
  name = "first operator",
): Promise<{ key: string } | null> {
  return (await store.routing.countOperatorKeys()) > 0 ? null : issueOperatorKey(store, { name, by });
}
