import { findDataset } from "../find-evaluation.ts";
import { notFound } from "../not-found.ts";
import { defineVerb } from "../verb.ts";

/** Deletes a dataset; runs over it stay. */
export const deleteDataset = defineVerb({
  scope: "ingest",
  audits: ["eval-dataset.delete"],
  async run(context, { actor, by }, input: { name: string }): Promise<void> {
    const { name } = await findDataset(context, actor, input.name);
    if (!(await context.store.evaluations.deleteDataset(actor.tenantId, name, by))) throw notFound();
  },
});
