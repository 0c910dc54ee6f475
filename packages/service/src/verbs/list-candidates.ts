import type { CollectionId } from "@footnote/core";
import { candidateCase } from "@footnote/evaluation";
import type { PageQuery } from "@footnote/sdk";
import { findCollection } from "../find-collection.ts";
import { page } from "../page.ts";
import { defineVerb } from "../verb.ts";

/** Answers that people rated down, as questions for a dataset. They show what others asked: for administrators of the tenant. */
export const listCandidates = defineVerb({
  scope: "admin",
  audits: [],
  async run(context, { actor }, input: PageQuery & { collection?: string | undefined }) {
    let collections: readonly CollectionId[] | null = actor.collections;
    if (input.collection !== undefined) collections = [(await findCollection(context, actor, input.collection)).id];
    const found = await context.store.answers.listRatedDown(actor.tenantId, { collections, page: page(input) });
    return { ...found, data: found.data.map(({ id, ...rest }) => candidateCase({ ...rest, answerId: id })) };
  },
});
