import type { AnswerId } from "@footnote/core";
import { exportTrace } from "../export-trace.ts";
import { findAnswer } from "../find-answer.ts";
import { defineVerb } from "../verb.ts";

/** What each step of an answer was given and gave. */
export const readTrace = defineVerb({
  scope: "read",
  audits: [],
  async run(context, { actor }, input: { answerId: AnswerId }) {
    const answer = await findAnswer(context, actor, input.answerId);
    return await exportTrace(context.store, { tenantId: actor.tenantId, answer });
  },
});
