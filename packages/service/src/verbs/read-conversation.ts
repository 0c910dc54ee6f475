import { findConversation } from "../find-answer.ts";
import { defineVerb } from "../verb.ts";

export const readConversation = defineVerb({
  scope: "ask",
  audits: [],
  run: (context, { actor }, input: { conversationId: string }) => findConversation(context, actor, input.conversationId),
});
