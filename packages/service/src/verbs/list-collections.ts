import type { PageQuery } from "@footnote/sdk";
import { page } from "../page.ts";
import { defineVerb } from "../verb.ts";

export const listCollections = defineVerb({
  scope: "read",
  audits: [],
  async run({ store, warnings }, { actor }, input: PageQuery) {
    const only = actor.collections === null ? null : [...actor.collections];
    const listed = await store.collections.list(actor.tenantId, { ...page(input), only });
    const noted = await warnings.read(actor.tenantId, listed.data);
    return { ...listed, data: listed.data.map((collection) => ({ collection, warnings: noted.get(collection.id) ?? [] })) };
  },
});
