import type { PageQuery } from "@footnote/sdk";
import { findCollection } from "../find-collection.ts";
import { page } from "../page.ts";
import { defineVerb } from "../verb.ts";

export const listDocuments = defineVerb({
  scope: "read",
  audits: [],
  async run(context, { actor }, input: PageQuery & { collection: string }) {
    const { id } = await findCollection(context, actor, input.collection);
    return await context.store.documents.list(actor.tenantId, id, page(input));
  },
});
