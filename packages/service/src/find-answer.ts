import { type Answer, type AnswerId, isId, maySeeCollection, type TenantActor } from "@footnote/core";
import type { ConversationRecord } from "@footnote/storage";
import { notFound } from "./not-found.ts";
import type { ServiceContext } from "./service-context.ts";

type Context = Pick<ServiceContext, "store">;

export async function findConversation({ store }: Context, actor: TenantActor, id: string): Promise<ConversationRecord> {
  const conversation = isId("conversation", id) ? await store.conversations.get(actor.tenantId, id) : null;
  if (!conversation || !maySeeCollection(actor, conversation.collectionId)) throw notFound();
  return conversation;
}

export async function findAnswer(context: Context, actor: TenantActor, id: AnswerId): Promise<Answer> {
  const answer = await context.store.answers.get(actor.tenantId, id);
  if (!answer) throw notFound();
  // An answer's collection is that of its conversation: a limited actor needs to know it.
  if (actor.collections !== null) await findConversation(context, actor, answer.conversationId);
  return answer;
}
