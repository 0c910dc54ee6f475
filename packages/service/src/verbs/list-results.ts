import { FootnoteError, type RunId } from "@footnote/core";
import type { PageQuery } from "@footnote/sdk";
import { findRun } from "../find-evaluation.ts";
import { page } from "../page.ts";
import { defineVerb } from "../verb.ts";

/** What a run gave for each question, in the dataset's order. */
export const listResults = defineVerb({
  scope: "read",
  audits: [],
  async run(
    context,
    { actor },
    input: PageQuery & { runId: RunId; tag?: string | undefined; metric?: string | undefined; below?: number | undefined },
  ) {
    const { id } = await findRun(context, actor, input.runId);
    const { tag, metric, below } = input;
    if (below !== undefined && metric === undefined) {
      throw new FootnoteError("invalid_request", "The query has below without metric; name the metric.");
    }
    return await context.store.evaluations.listResults(actor.tenantId, id, {
      ...page(input),
      ...(tag === undefined ? {} : { tag }),
      ...(metric === undefined ? {} : { metric }),
      ...(below === undefined ? {} : { below }),
    });
  },
});
