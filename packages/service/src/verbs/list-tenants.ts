import type { PageQuery } from "@footnote/sdk";
import { page } from "../page.ts";
import { defineOperatorVerb } from "../verb.ts";

export const listTenants = defineOperatorVerb({
  audits: [],
  run: ({ store }, _call, input: PageQuery) => store.routing.listTenants(page(input)),
});
