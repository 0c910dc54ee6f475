import type { PipelineSpec } from "@footnote/core";
import { defineVerb } from "../verb.ts";

/** Stores a version of a pipeline of the tenant's own. */
export const putPipeline = defineVerb({
  scope: "admin",
  audits: "pipeline.put",
  run: ({ store }, { actor }, input: { spec: PipelineSpec }) => store.pipelines.put(actor.tenantId, input.spec),
});
