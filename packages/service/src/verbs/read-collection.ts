import { findCollection } from "../find-collection.ts";
import { defineVerb } from "../verb.ts";

export const readCollection = defineVerb({
  scope: "read",
  audits: [],
  async run(context, { actor }, input: { collection: string }) {
    const collection = await findCollection(context, actor, input.collection);
    const noted = await context.warnings.read(actor.tenantId, [collection]);
    return { collection, warnings: noted.get(collection.id) ?? [] };
  },
});
