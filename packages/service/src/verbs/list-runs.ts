import type { PageQuery } from "@footnote/sdk";
import { page } from "../page.ts";
import { defineVerb } from "../verb.ts";

/** Runs of evaluations, the newest first. */
export const listRuns = defineVerb({
  scope: "read",
  audits: [],
  run({ store }, { actor }, input: PageQuery & { dataset?: string | undefined }) {
    const { dataset } = input;
    const request = { ...page(input), only: actor.collections, ...(dataset === undefined ? {} : { dataset }) };
    return store.evaluations.listRuns(actor.tenantId, request);
  },
});
