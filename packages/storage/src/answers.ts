import { FootnoteError, newId, type Answer, type AnswerId, type AnswerTrace, type CollectionId, type ConversationId } from "@footnote/core";
import type { Session } from "./session.ts";
import type { ConversationRecord, Store } from "./store.ts";

/** What the body column holds. */
export type AnswerBody = Omit<Answer, "id" | "conversationId" | "question" | "text" | "createdAt">;

export interface AnswerRow {
  id: AnswerId;
  conversation_id: ConversationId;
  question: string;
  text: string;
  body: AnswerBody;
  created_at: Date;
}

export function createAnswerRepository(session: Session): Store["answers"] {
  return {
    save: (tenantId, answer, collectionId, trace) =>
      session.transaction(tenantId, async (tx) => {
        const { id, conversationId, question, text, createdAt, ...body } = answer;
        const [conversation] = await tx.query("select id from conversations where id = $1 for share", [conversationId]);
        if (!conversation) throw new FootnoteError("not_found", "The conversation does not exist.");
        await tx.query(
          `insert into answers (tenant_id, id, conversation_id, collection_id, question, text, body, created_at, trace)
           values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9::jsonb)
           on conflict (tenant_id, id) do update set text = excluded.text, body = excluded.body, trace = excluded.trace`,
          [tenantId, id, conversationId, collectionId, question, text, JSON.stringify(body), createdAt, trace ? storableJson(trace) : null],
        );
        const shown = new Map<string, string>();
        for (const { source } of answer.citations) shown.set(source.versionId, source.documentId);
        for (const { chunk } of answer.sources) shown.set(chunk.versionId, chunk.documentId);
        await tx.query(
          `insert into answer_sources (tenant_id, answer_id, document_id, version_id)
           select $1, $2, s.document_id, s.version_id from unnest($3::text[], $4::text[]) as s(version_id, document_id) on conflict do nothing`,
          [tenantId, id, [...shown.keys()], [...shown.values()]],
        );
      }),
    async get(tenantId, id) {
      const [row] = await session.transaction(tenantId, (tx) =>
        tx.query<AnswerRow>("select id, conversation_id, question, text, body, created_at from answers where id = $1", [id]),
      );
      if (!row) return null;
      return {
        ...row.body,
        id: row.id,
        conversationId: row.conversation_id,
        question: row.question,
        text: row.text,
        createdAt: row.created_at,
      };
    },
    async trace(tenantId, id) {
      const [row] = await session.transaction(tenantId, (tx) =>
        tx.query<{ trace: AnswerTrace | null }>("select trace from answers where id = $1", [id]),
      );
      return row?.trace ?? null;
    },
    saveFeedback: (tenantId, id, { rating, comment }) =>
      session.transaction(tenantId, async (tx) => {
        const rows = await tx.query(
          `insert into feedback (tenant_id, answer_id, rating, comment)
           select $1, a.id, $3, $4 from answers a where a.id = $2 returning id::text`,
          [tenantId, id, rating, comment ?? null],
        );
        return rows.length > 0;
      }),
  };
}

/** A model may say what Postgres refuses: NUL and halves of surrogate pairs. */
function storableJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === "string" ? part.toWellFormed().replaceAll("\0", "\ufffd") : part));
}

export function createConversationRepository(session: Session): Store["conversations"] {
  return {
    create: (tenantId, collectionId) =>
      session.transaction(tenantId, async (tx) => {
        const rows = await tx.query<{ id: ConversationId }>(
          `insert into conversations (tenant_id, id, collection_id) select $1, $2, c.id from collections c where c.id = $3 returning id`,
          [tenantId, newId("conversation"), collectionId],
        );
        const [row] = rows;
        if (!row) throw new FootnoteError("not_found", "The collection does not exist.");
        return row.id;
      }),
    get: (tenantId, id) =>
      session.transaction(tenantId, async (tx): Promise<ConversationRecord | null> => {
        const [row] = await tx.query<{ id: ConversationId; collection_id: CollectionId; created_at: Date }>(
          "select id, collection_id, created_at from conversations where id = $1",
          [id],
        );
        if (!row) return null;
        const turns = await tx.query<{ id: AnswerId; question: string; text: string; created_at: Date }>(
          "select id, question, text, created_at from answers where conversation_id = $1 order by id",
          [id],
        );
        return {
          id: row.id,
          collectionId: row.collection_id,
          createdAt: row.created_at,
          turns: turns.map((turn) => ({ answerId: turn.id, question: turn.question, text: turn.text, createdAt: turn.created_at })),
        };
      }),
    delete: (tenantId, id) =>
      session.transaction(tenantId, async (tx) => {
        const rows = await tx.query("delete from conversations where id = $1 returning id", [id]);
        const gone = await tx.query<{ id: string }>("delete from answers where conversation_id = $1 returning id", [id]);
        const ids = gone.map((row) => row.id);
        await tx.query("delete from answer_sources where answer_id = any($1)", [ids]);
        await tx.query("delete from feedback where answer_id = any($1)", [ids]);
        return rows.length > 0;
      }),
  };
}
