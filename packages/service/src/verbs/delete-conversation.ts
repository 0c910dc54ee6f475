import { findConversation } from "../find-answer.ts";
import { notFound } from "../not-found.ts";
import { defineVerb } from "../verb.ts";

/** Deletes a conversation with its answers. */
export const deleteConversation = defineVerb({
  scope: "ask",
  audits: ["conversation.delete"],
  async run(context, { actor, by }, input: { conversationId: string }): Promise<void> {
    const { id } = await findConversation(context, actor, input.conversationId);
    if (!(await context.store.conversations.delete(actor.tenantId, id, by))) throw notFound();
  },
});
