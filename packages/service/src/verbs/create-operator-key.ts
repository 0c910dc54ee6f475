import { issueOperatorKey } from "@footnote/tenancy";
import { defineOperatorVerb } from "../verb.ts";

/** Makes another operator's key, which is good for /v1/admin and nothing else. */
export const createOperatorKey = defineOperatorVerb({
  audits: ["operator-key.create"],
  run: ({ store }, { by }, input: { name: string }) => issueOperatorKey(store, { name: input.name, by }),
});
