import { bigint, index, jsonb, pgTable, primaryKey, text, unique } from "drizzle-orm/pg-core";
import { createdAt, tenantId } from "./columns.ts";

export const conversations = pgTable(
  "conversations",
  { tenantId: tenantId(), id: text("id").notNull(), collectionId: text("collection_id").notNull(), createdAt: createdAt() },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
);

export const answers = pgTable(
  "answers",
  {
    tenantId: tenantId(),
    id: text("id").notNull(),
    conversationId: text("conversation_id").notNull(),
    collectionId: text("collection_id").notNull(),
    question: text("question").notNull(),
    text: text("text").notNull(),
    /** Everything else of the Answer. */
    body: jsonb("body").notNull(),
    /** AnswerTrace; null for answers from before there were traces. */
    trace: jsonb("trace"),
    /** Who asked; null for answers from before that was kept. */
    actorType: text("actor_type"),
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
    answerId: text("answer_id").notNull(),
    documentId: text("document_id").notNull(),
    versionId: text("version_id").notNull(),
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
    answerId: text("answer_id").notNull(),
    /** Whose word it is: an actor, or `user` with a digest of the name that the application gave. */
    authorType: text("author_type").notNull(),
    authorId: text("author_id").notNull(),
    rating: text("rating").notNull(),
    reason: text("reason"),
    comment: text("comment"),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    unique("feedback_author").on(table.tenantId, table.answerId, table.authorType, table.authorId),
  ],
);
