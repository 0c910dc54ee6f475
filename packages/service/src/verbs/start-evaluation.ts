import { pipelineHash } from "@footnote/core";
import { type CreateEvalRun, createEvalRunSchema } from "@footnote/sdk";
import { findDataset } from "../find-evaluation.ts";
import { notFound } from "../not-found.ts";
import { pipelineFor } from "../named-pipelines.ts";
import { validate } from "../validate.ts";
import { defineVerb } from "../verb.ts";

/** Begins a run over a dataset: its job asks the questions in the actor's name. */
export const startEvaluation = defineVerb({
  scope: "ask",
  audits: ["eval-run.create"],
  async run(context, { actor, by }, input: CreateEvalRun) {
    const { store, queue } = context;
    const { tenantId } = actor;
    const wanted = validate(createEvalRunSchema, input, "The run");
    const dataset = await findDataset(context, actor, wanted.dataset);
    const collection = await store.collections.get(tenantId, dataset.collectionId);
    if (!collection) throw notFound();
    const spec = await pipelineFor(context, { tenantId, collection, name: wanted.pipeline });
    const begun = await store.evaluations.createRun(tenantId, {
      dataset: dataset.name,
      split: wanted.split,
      pipeline: spec.name,
      pipelineHash: pipelineHash(spec),
      by,
    });
    queue.wake();
    return begun;
  },
});
