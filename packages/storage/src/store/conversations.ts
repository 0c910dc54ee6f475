import type { AnswerId, Attribution, CollectionId, ConversationId, TenantId } from "@footnote/core";

export interface ConversationRecord {
  id: ConversationId;
  collectionId: CollectionId;
  createdAt: Date;
  turns: { answerId: AnswerId; question: string; text: string; createdAt: Date }[];
}

export interface ConversationRepository {
  create(tenantId: TenantId, collectionId: CollectionId, by: Attribution): Promise<ConversationId>;
  get(tenantId: TenantId, id: ConversationId): Promise<ConversationRecord | null>;
  delete(tenantId: TenantId, id: ConversationId, by: Attribution): Promise<boolean>;
}
