import type { PipelineSpec } from "@footnote/core";
import { findCollection } from "../find-collection.ts";
import { pipelineFor } from "../named-pipelines.ts";
import { defineVerb } from "../verb.ts";

/** The pipeline that a question about a collection goes through, named or not. */
export const resolvePipeline = defineVerb({
  scope: "read",
  audits: [],
  async run(context, { actor }, input: { collection: string; pipeline?: string | undefined }): Promise<PipelineSpec> {
    const collection = await findCollection(context, actor, input.collection);
    return await pipelineFor(context, { tenantId: actor.tenantId, collection, name: input.pipeline });
  },
});
