import { pipelinesOf } from "../named-pipelines.ts";
import { defineVerb } from "../verb.ts";

/** The pipelines that collections and requests can name. */
export const listPipelines = defineVerb({
  scope: "read",
  audits: [],
  run: (context, { actor }, _input: Record<never, never>) => pipelinesOf(context, actor.tenantId),
});
