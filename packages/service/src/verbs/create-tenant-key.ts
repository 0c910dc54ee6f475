import type { CollectionId, TenantId } from "@footnote/core";
import { type CreateKey, createKeySchema } from "@footnote/sdk";
import { issueKey } from "@footnote/tenancy";
import { expiryOf } from "../expiry.ts";
import { notFound } from "../not-found.ts";
import { validate } from "../validate.ts";
import { defineOperatorVerb } from "../verb.ts";

/** Makes a key for a tenant, its first one above all. */
export const createTenantKey = defineOperatorVerb({
  audits: ["key.create"],
  async run({ store, clock }, { by }, { tenantId, ...input }: CreateKey & { tenantId: TenantId }) {
    const { name = "key", scopes, ...wanted } = validate(createKeySchema, input, "The key");
    const tenant = await store.routing.getTenant(tenantId);
    if (!tenant) throw notFound();
    const collections: CollectionId[] = [];
    for (const nameOrId of wanted.collections ?? []) {
      const collection = await store.collections.get(tenant.id, nameOrId);
      if (!collection) throw notFound();
      collections.push(collection.id);
    }
    return await issueKey(store, tenant.id, {
      name,
      scopes,
      collections: wanted.collections ? collections : null,
      expiresAt: expiryOf(wanted.expiresAt, clock),
      by,
    });
  },
});
