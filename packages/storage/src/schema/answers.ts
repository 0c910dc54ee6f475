import type { ActorRef, Answer, AnswerId, AnswerTrace, CollectionId, ConversationId, DocumentId, VersionId } from "@footnote/core";
import { bigint, index, jsonb, pgTable, primaryKey, text, unique } from "drizzle-orm/pg-core";
import { createdAt, tenantId } from "./columns.ts";

/** What the body column holds. */
export type AnswerBody = Omit<Answer, "id" | "conversationId" | "question" | "text" | "createdAt">;

export const conversations = pgTable(
  "conversations",
  {
    tenantId: tenantId(),
    id: text("id").$type<ConversationId>().notNull(),
    collectionId: text("collection_id").$type<CollectionId>().notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
);

export const answers = pgTable(
  "answers",
  {
    tenantId: tenantId(),
    id: text("id").$type<AnswerId>().notNull(),
    conversationId: text("conversation_id").$type<ConversationId>().notNull(),
    collectionId: text("collection_id").$type<CollectionId>().notNull(),
    question: text("question").notNull(),
    text: text("text").notNull(),
    /** Everything else of the Answer. */
    body: jsonb("body").$type<AnswerBody>().notNull(),
    /** AnswerTrace; null for answers from before there were traces. */
    trace: jsonb("trace").$type<AnswerTrace>(),
    /** Who asked; null for answers from before that was kept. */
    actorType: text("actor_type").$type<ActorRef["type"]>(),
    actorId: text("actor_id"),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] }), index("answers_conversation").on(table.tenantId, table.conversationId)],
);

/** Which versions an answer shows or cites: what retention and erasure look at. */
export const answerSources = pgTable(
  "answer_sources",
  {
    tenantId: tenantId(),
    answerId: text("answer_id").$type<AnswerId>().notNull(),
    documentId: text("document_id").$type<DocumentId>().notNull(),
    versionId: text("version_id").$type<VersionId>().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.answerId, table.versionId] }),
    index("answer_sources_document").on(table.tenantId, table.documentId),
    index("answer_sources_version").on(table.tenantId, table.versionId),
  ],
);

export const feedback = pgTable(
  "feedback",
  {
    tenantId: tenantId(),
    id: bigint("id", { mode: "number" }).generatedAlwaysAsIdentity(),
    answerId: text("answer_id").$type<AnswerId>().notNull(),
    /** Whose word it is: an actor, or `user` with a digest of the name that the application gave. */
    authorType: text("author_type").$type<ActorRef["type"] | "user" | "unknown">().notNull(),
    authorId: text("author_id").notNull(),
    rating: text("rating").$type<"up" | "down">().notNull(),
    reason: text("reason"),
    comment: text("comment"),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    unique("feedback_author").on(table.tenantId, table.answerId, table.authorType, table.authorId),
  ],
);
