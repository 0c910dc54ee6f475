import type { CollectionId } from "@footnote/core";
import { type CreateKey, createKeySchema } from "@footnote/sdk";
import { issueKey } from "@footnote/tenancy";
import { findCollection } from "../find-collection.ts";
import { expiryOf } from "../expiry.ts";
import { validate } from "../validate.ts";
import { defineVerb } from "../verb.ts";

/** Makes a key of the tenant. An actor that is limited to collections makes keys for those only. */
export const createKey = defineVerb({
  scope: "admin",
  audits: ["key.create"],
  async run(context, { actor, by }, input: CreateKey) {
    const { store, clock } = context;
    const { name = "key", scopes, ...wanted } = validate(createKeySchema, input, "The key");
    let collections: CollectionId[] | null = actor.collections === null ? null : [...actor.collections];
    if (wanted.collections) {
      collections = [];
      for (const nameOrId of wanted.collections) collections.push((await findCollection(context, actor, nameOrId)).id);
    }
    return await issueKey(store, actor.tenantId, { name, scopes, collections, expiresAt: expiryOf(wanted.expiresAt, clock), by });
  },
});
