import type { RunId } from "@footnote/core";
import { findRun } from "../find-evaluation.ts";
import { notFound } from "../not-found.ts";
import { defineVerb } from "../verb.ts";

/** Deletes a run with its results, once its job is over. */
export const deleteRun = defineVerb({
  scope: "ask",
  audits: ["eval-run.delete"],
  async run(context, { actor, by }, input: { runId: RunId }): Promise<void> {
    const { id } = await findRun(context, actor, input.runId);
    if (!(await context.store.evaluations.deleteRun(actor.tenantId, id, by))) throw notFound();
  },
});
