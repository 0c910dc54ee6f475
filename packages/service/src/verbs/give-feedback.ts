import { type AnswerId, sha256 } from "@footnote/core";
import { type FeedbackRequest, feedbackRequestSchema } from "@footnote/sdk";
import { findAnswer } from "../find-answer.ts";
import { notFound } from "../not-found.ts";
import { validate } from "../validate.ts";
import { defineVerb } from "../verb.ts";

/** Notes whether an answer helped: one word per answer and person, or per answer and actor where no person is named. */
export const giveFeedback = defineVerb({
  scope: "ask",
  audits: ["feedback.put"],
  async run(context, { actor, by }, { answerId, ...input }: FeedbackRequest & { answerId: AnswerId }): Promise<void> {
    const { id } = await findAnswer(context, actor, answerId);
    const { rating, reason, comment, user } = validate(feedbackRequestSchema, input, "The feedback");
    const said = {
      // A name is only needed to tell people apart.
      author: user === undefined ? by.actor : { type: "user" as const, id: sha256(`${actor.tenantId}\n${user}`) },
      rating,
      ...(reason === undefined ? {} : { reason }),
      ...(comment === undefined ? {} : { comment }),
    };
    const kept = await context.store.answers.saveFeedback(actor.tenantId, id, said, by);
    if (!kept) throw notFound();
  },
});
