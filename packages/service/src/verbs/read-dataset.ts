import { findDataset } from "../find-evaluation.ts";
import { defineVerb } from "../verb.ts";

/** A dataset with its cases. */
export const readDataset = defineVerb({
  scope: "read",
  audits: [],
  async run(context, { actor }, input: { name: string }) {
    const dataset = await findDataset(context, actor, input.name);
    const splits = ["train", "test"].map((split) => context.store.evaluations.cases(actor.tenantId, dataset.name, { split }));
    return { dataset, cases: (await Promise.all(splits)).flat() };
  },
});
