import type { PageQuery } from "@footnote/sdk";
import { page } from "../page.ts";
import { requireUnlimited } from "../require-unlimited.ts";
import { defineVerb } from "../verb.ts";

/** What was done in the tenant, the newest first. */
export const listAudit = defineVerb({
  scope: "admin",
  audits: [],
  async run({ store }, { actor }, input: PageQuery) {
    requireUnlimited(actor);
    return await store.audit.list(actor.tenantId, page(input));
  },
});
