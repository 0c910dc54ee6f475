import { type Answer, FootnoteError } from "@footnote/core";
import { eq, inArray, sql } from "drizzle-orm";
import { writeAudit } from "./audit.ts";
import { listRatedDown, saveFeedback } from "./feedback.ts";
import { answers, answerSources, conversations } from "./schema/answers.ts";
import { documents } from "./schema/documents.ts";
import type { Session } from "./session.ts";
import type { Store } from "./store.ts";

export function createAnswerRepository(session: Session): Store["answers"] {
  return {
    save: (tenantId, answer, { collectionId, trace, by }) =>
      session.transaction(tenantId, async (tx) => {
        const { db } = tx;
        const { id, conversationId, question, text, createdAt, ...body } = answer;
        const shown = new Map([
          ...answer.citations.map(({ source }) => [source.versionId, source.documentId] as const),
          ...answer.sources.map(({ chunk }) => [chunk.versionId, chunk.documentId] as const),
        ]);
        // Held until the answer is in: an erasure waits, and redacts it.
        const ids = [...new Set(shown.values())];
        const there = await db
          .select({ id: documents.id })
          .from(documents)
          .where(inArray(documents.id, ids))
          .orderBy(documents.id)
          .for("share");
        if (there.length < ids.length) {
          throw new FootnoteError("conflict", "A document that the answer shows was erased while it was made; ask again.");
        }
        const isTheirs = eq(conversations.id, conversationId);
        const [conversation] = await db.select({ id: conversations.id }).from(conversations).where(isTheirs).for("share");
        if (!conversation) throw new FootnoteError("not_found", "The conversation does not exist.");
        const said = { text, body, trace: trace ? sql`${storableJson(trace)}::jsonb` : null };
        const { type: actorType, id: actorId } = by.actor;
        await db
          .insert(answers)
          .values({ tenantId, id, conversationId, collectionId, question, createdAt, actorType, actorId, ...said })
          .onConflictDoUpdate({ target: [answers.tenantId, answers.id], set: said });
        const sources = [...shown].map(([versionId, documentId]) => ({ tenantId, answerId: id, documentId, versionId }));
        if (sources.length > 0) await db.insert(answerSources).values(sources).onConflictDoNothing();
        await writeAudit(tx, tenantId, by, { action: "answer.create", subject: id });
      }),
    async get(tenantId, id) {
      const [row] = await session.transaction(tenantId, ({ db }) => db.select().from(answers).where(eq(answers.id, id)));
      if (!row) return null;
      const { conversationId, question, text, createdAt, body } = row;
      return { ...body, id, conversationId, question, text, createdAt } satisfies Answer;
    },
    async trace(tenantId, id) {
      const [row] = await session.transaction(tenantId, ({ db }) =>
        db.select({ trace: answers.trace }).from(answers).where(eq(answers.id, id)),
      );
      return row?.trace ?? null;
    },
    saveFeedback: (tenantId, id, feedback, by) => session.transaction(tenantId, (tx) => saveFeedback(tx, { tenantId, id, feedback, by })),
    listRatedDown: (tenantId, options) => session.transaction(tenantId, (tx) => listRatedDown(tx, options)),
  };
}

/** A model may say what Postgres refuses: NUL and halves of surrogate pairs. */
function storableJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === "string" ? part.toWellFormed().replaceAll("\0", "\ufffd") : part));
}
