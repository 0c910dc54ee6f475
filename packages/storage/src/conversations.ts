import { FootnoteError, newId } from "@footnote/core";
import { eq, inArray } from "drizzle-orm";
import { writeAudit } from "./audit.ts";
import { answers, answerSources, conversations, feedback } from "./schema/answers.ts";
import { collections } from "./schema/documents.ts";
import type { Session } from "./session.ts";
import type { Store } from "./store.ts";

export function createConversationRepository(session: Session): Store["conversations"] {
  return {
    create: (tenantId, collectionId, by) =>
      session.transaction(tenantId, async (tx) => {
        const [collection] = await tx.db.select({ id: collections.id }).from(collections).where(eq(collections.id, collectionId));
        if (!collection) throw new FootnoteError("not_found", "The collection does not exist.");
        const id = newId("conversation");
        await tx.db.insert(conversations).values({ tenantId, id, collectionId });
        await writeAudit(tx, tenantId, by, { action: "conversation.create", subject: id });
        return id;
      }),
    get: (tenantId, id) =>
      session.transaction(tenantId, async ({ db }) => {
        const [row] = await db.select().from(conversations).where(eq(conversations.id, id));
        if (!row) return null;
        const turns = await db
          .select({ answerId: answers.id, question: answers.question, text: answers.text, createdAt: answers.createdAt })
          .from(answers)
          .where(eq(answers.conversationId, id))
          .orderBy(answers.id);
        return { id, collectionId: row.collectionId, createdAt: row.createdAt, turns };
      }),
    delete: (tenantId, id, by) =>
      session.transaction(tenantId, async (tx) => {
        const { db } = tx;
        const known = await db.delete(conversations).where(eq(conversations.id, id)).returning({ id: conversations.id });
        const gone = await db.delete(answers).where(eq(answers.conversationId, id)).returning({ id: answers.id });
        const ids = gone.map((row) => row.id);
        await db.delete(answerSources).where(inArray(answerSources.answerId, ids));
        await db.delete(feedback).where(inArray(feedback.answerId, ids));
        if (known.length > 0) await writeAudit(tx, tenantId, by, { action: "conversation.delete", subject: id });
        return known.length > 0;
      }),
  };
}
