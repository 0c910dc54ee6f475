import {
  FootnoteError,
  newId,
  type Answer,
  type AnswerId,
  type AnswerTrace,
  type CollectionId,
  type ConversationId,
  type TenantId,
} from "@footnote/core";
import { writeAudit } from "./audit.ts";
import { readPage, toPage } from "./paging.ts";
import type { Session } from "./session.ts";
import type { ConversationRecord, PageRequest, PageResult, RatedDownAnswer, Store } from "./store.ts";

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
    save: (tenantId, answer, { collectionId, trace, by }) =>
      session.transaction(tenantId, async (tx) => {
        const { id, conversationId, question, text, createdAt, ...body } = answer;
        const shown = new Map<string, string>();
        for (const { source } of answer.citations) shown.set(source.versionId, source.documentId);
        for (const { chunk } of answer.sources) shown.set(chunk.versionId, chunk.documentId);
        // Held until the answer is in: an erasure waits, and redacts it.
        const documents = [...new Set(shown.values())];
        const there = await tx.query("select 1 from documents where id = any($1) order by id for share", [documents]);
        if (there.length < documents.length) {
          throw new FootnoteError("conflict", "A document that the answer shows was erased while it was made; ask again.");
        }
        const [conversation] = await tx.query("select id from conversations where id = $1 for share", [conversationId]);
        if (!conversation) throw new FootnoteError("not_found", "The conversation does not exist.");
        await tx.query(
          `insert into answers (tenant_id, id, conversation_id, collection_id, question, text, body, created_at, trace, actor_type, actor_id)
           values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9::jsonb, $10, $11)
           on conflict (tenant_id, id) do update set text = excluded.text, body = excluded.body, trace = excluded.trace`,
          [
            tenantId,
            id,
            conversationId,
            collectionId,
            question,
            text,
            JSON.stringify(body),
            createdAt,
            trace ? storableJson(trace) : null,
            by.actor.type,
            by.actor.id,
          ],
        );
        await tx.query(
          `insert into answer_sources (tenant_id, answer_id, document_id, version_id)
           select $1, $2, s.document_id, s.version_id from unnest($3::text[], $4::text[]) as s(version_id, document_id) on conflict do nothing`,
          [tenantId, id, [...shown.keys()], [...shown.values()]],
        );
        await writeAudit(tx, tenantId, by, { action: "answer.create", subject: id });
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
    saveFeedback: (tenantId, id, { author, rating, reason, comment }, by) =>
      session.transaction(tenantId, async (tx) => {
        // Held until the word is in: an erasure that comes between would leave a comment about text that is gone.
        const rows = await tx.query("select 1 from answers where id = $1 for share", [id]);
        if (rows.length === 0) return false;
        await tx.query(
          `insert into feedback (tenant_id, answer_id, author_type, author_id, rating, reason, comment) values ($1, $2, $3, $4, $5, $6, $7)
           on conflict (tenant_id, answer_id, author_type, author_id) do update
           set rating = excluded.rating, reason = excluded.reason, comment = excluded.comment, created_at = now()`,
          [tenantId, id, author.type, author.id, rating, reason ?? null, comment ?? null],
        );
        await writeAudit(tx, tenantId, by, { action: "feedback.put", subject: id, details: { rating } });
        return true;
      }),
    listRatedDown: (tenantId, { collections, page }) => listRatedDown(session, tenantId, { collections, page }),
  };
}

/** A model may say what Postgres refuses: NUL and halves of surrogate pairs. */
function storableJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === "string" ? part.toWellFormed().replaceAll("\0", "\ufffd") : part));
}

interface RatedDownRow extends AnswerRow {
  collection_id: CollectionId;
  votes: number;
  reason: string | null;
  comment: string | null;
  rated_at: Date;
}

async function listRatedDown(
  session: Session,
  tenantId: TenantId,
  { collections, page }: { collections: readonly CollectionId[] | null; page: PageRequest },
): Promise<PageResult<RatedDownAnswer>> {
  const { limit, after } = readPage(page, "answer");
  return await session.transaction(tenantId, async (tx) => {
    const rows = await tx.query<RatedDownRow>(
      `select a.id, a.conversation_id, a.collection_id, a.question, a.text, a.body, a.created_at, f.votes, f.reason, f.comment, f.rated_at
       from answers a cross join lateral (
         select count(*)::integer as votes, max(w.created_at) as rated_at,
           (array_agg(w.reason order by w.created_at desc, w.id desc))[1] as reason,
           (array_agg(w.comment order by w.created_at desc, w.id desc))[1] as comment
         from feedback w where w.answer_id = a.id and w.rating = 'down') f
       where f.votes > 0 and ($1::text[] is null or a.collection_id = any($1)) and ($2::text is null or a.id < $2)
       order by a.id desc limit $3`,
      [collections, after, limit + 1],
    );
    const earlier = await tx.query<{ id: string; conversation_id: string; question: string }>(
      "select id, conversation_id, question from answers where conversation_id = any($1) order by id",
      [rows.map((row) => row.conversation_id)],
    );
    const cited = rows.flatMap(({ body }) => body.citations.map(({ source }) => source.documentId));
    const documents = await tx.query<{ id: string; external_id: string }>("select id, external_id from documents where id = any($1)", [
      cited,
    ]);
    const names = new Map(documents.map((row) => [row.id, row.external_id]));
    return toPage(
      rows,
      limit,
      (row): RatedDownAnswer => ({
        id: row.id,
        collectionId: row.collection_id,
        question: row.question,
        history: earlier.filter((turn) => turn.conversation_id === row.conversation_id && turn.id < row.id).map((turn) => turn.question),
        text: row.text,
        finishReason: row.body.finishReason,
        pipeline: row.body.pipeline,
        createdAt: row.created_at,
        // A citation of a document that is gone names nothing that could be looked up.
        cited: row.body.citations.flatMap(({ source, quote }) => {
          const document = names.get(source.documentId);
          return document === undefined ? [] : [{ document, quote }];
        }),
        votes: row.votes,
        ratedAt: row.rated_at,
        ...(row.reason === null ? {} : { reason: row.reason }),
        ...(row.comment === null ? {} : { comment: row.comment }),
      }),
      (row) => row.id,
    );
  });
}

export function createConversationRepository(session: Session): Store["conversations"] {
  return {
    create: (tenantId, collectionId, by) =>
      session.transaction(tenantId, async (tx) => {
        const rows = await tx.query<{ id: ConversationId }>(
          `insert into conversations (tenant_id, id, collection_id) select $1, $2, c.id from collections c where c.id = $3 returning id`,
          [tenantId, newId("conversation"), collectionId],
        );
        const [row] = rows;
        if (!row) throw new FootnoteError("not_found", "The collection does not exist.");
        await writeAudit(tx, tenantId, by, { action: "conversation.create", subject: row.id });
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
    delete: (tenantId, id, by) =>
      session.transaction(tenantId, async (tx) => {
        const rows = await tx.query("delete from conversations where id = $1 returning id", [id]);
        const gone = await tx.query<{ id: string }>("delete from answers where conversation_id = $1 returning id", [id]);
        const ids = gone.map((row) => row.id);
        await tx.query("delete from answer_sources where answer_id = any($1)", [ids]);
        await tx.query("delete from feedback where answer_id = any($1)", [ids]);
        if (rows.length > 0) await writeAudit(tx, tenantId, by, { action: "conversation.delete", subject: id });
        return rows.length > 0;
      }),
  };
}
