import { findFormulas } from "@footnote/answers";
import { FootnoteError, type PipelineSpec } from "@footnote/core";
import { learnedWeights } from "@footnote/retrieval";
import { defineVerb } from "../verb.ts";

/** Stores a version of a pipeline of the tenant's own. */
export const putPipeline = defineVerb({
  scope: "admin",
  audits: ["pipeline.put"],
  async run({ store }, { actor, by }, { spec }: { spec: PipelineSpec }) {
    requireVersions(spec);
    return await store.pipelines.put(actor.tenantId, spec, by);
  },
});

/** Throws `pipeline_incompatible` for fitted versions that this release does not have: whoever asks later could not mend it. */
function requireVersions({ answer, reranker }: PipelineSpec): void {
  findFormulas(answer.formulas);
  if (reranker.type === "learned-linear" && !learnedWeights(reranker.weights)) {
    throw new FootnoteError("pipeline_incompatible", `There are no fusion weights named ${JSON.stringify(reranker.weights)}; name others.`);
  }
}
