import type { PageQuery } from "@footnote/sdk";
import { page } from "../page.ts";
import { defineVerb } from "../verb.ts";

export const listDatasets = defineVerb({
  scope: "read",
  audits: [],
  run: ({ store }, { actor }, input: PageQuery) =>
    store.evaluations.listDatasets(actor.tenantId, { ...page(input), only: actor.collections }),
});
