import type { PageQuery } from "@footnote/sdk";
import { page } from "../page.ts";
import { requireUnlimited } from "../require-unlimited.ts";
import { defineVerb } from "../verb.ts";

export const listKeys = defineVerb({
  scope: "admin",
  audits: [],
  async run({ store }, { actor }, input: PageQuery) {
    requireUnlimited(actor);
    return await store.keys.list(actor.tenantId, page(input));
  },
});
