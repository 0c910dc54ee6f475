import type { AnswerId, Attribution, CollectionId, TenantId } from "@footnote/core";
import { and, desc, eq, gt, inArray, lt, max, sql } from "drizzle-orm";
import { QueryBuilder } from "drizzle-orm/pg-core";
import { writeAudit } from "./audit.ts";
import { readPage, toPage } from "./paging.ts";
import { answers, feedback } from "./schema/answers.ts";
import { documents } from "./schema/documents.ts";
import type { Transaction } from "./session.ts";
import type { NewFeedback, RatedDownAnswer } from "./store/answers.ts";
import type { PageRequest, PageResult } from "./store/paging.ts";

export async function saveFeedback(
  tx: Transaction,
  given: { tenantId: TenantId; id: AnswerId; feedback: NewFeedback; by: Attribution },
): Promise<boolean> {
  const { tenantId, id: answerId, by } = given;
  const { author, rating, reason = null, comment = null } = given.feedback;
  // Held until the word is in: an erasure that comes between would leave a comment about text that is gone.
  const [answer] = await tx.db.select({ id: answers.id }).from(answers).where(eq(answers.id, answerId)).for("share");
  if (!answer) return false;
  const said = { rating, reason, comment };
  await tx.db
    .insert(feedback)
    .values({ tenantId, answerId, authorType: author.type, authorId: author.id, ...said })
    .onConflictDoUpdate({
      target: [feedback.tenantId, feedback.answerId, feedback.authorType, feedback.authorId],
      set: { ...said, createdAt: sql`now()` },
    });
  await writeAudit(tx, tenantId, by, { action: "feedback.put", subject: answerId, details: { rating } });
  return true;
}

const latest = (column: typeof feedback.reason | typeof feedback.comment) =>
  sql<string | null>`(array_agg(${column} order by ${feedback.createdAt} desc, ${feedback.id} desc))[1]`;
const badWords = new QueryBuilder()
  .select({
    votes: sql<number>`count(*)::integer`.as("votes"),
    ratedAt: max(feedback.createdAt).as("rated_at"),
    reason: latest(feedback.reason).as("latest_reason"),
    comment: latest(feedback.comment).as("latest_comment"),
  })
  .from(feedback)
  .where(and(eq(feedback.tenantId, answers.tenantId), eq(feedback.answerId, answers.id), eq(feedback.rating, "down")))
  .as("bad_words");

export async function listRatedDown(
  { db }: Transaction,
  { collections, page }: { collections: readonly CollectionId[] | null; page: PageRequest },
): Promise<PageResult<RatedDownAnswer>> {
  const { limit, after } = readPage(page, "answer");
  const { id, conversationId, collectionId, question, text, body, createdAt } = answers;
  const { votes, ratedAt, reason, comment } = badWords;
  const rows = await db
    .select({ id, conversationId, collectionId, question, text, body, createdAt, votes, ratedAt, reason, comment })
    .from(answers)
    .crossJoinLateral(badWords)
    .where(
      and(
        gt(votes, 0),
        collections === null ? undefined : inArray(collectionId, [...collections]),
        after === null ? undefined : lt(id, after),
      ),
    )
    .orderBy(desc(id))
    .limit(limit + 1);
  const conversations = rows.map((row) => row.conversationId);
  const earlier = await db.select({ id, conversationId, question }).from(answers).where(inArray(conversationId, conversations)).orderBy(id);
  const cited = rows.flatMap((row) => row.body.citations.map(({ source }) => source.documentId));
  const known = await db.select({ id: documents.id, externalId: documents.externalId }).from(documents).where(inArray(documents.id, cited));
  const names = new Map<string, string>(known.map((row) => [row.id, row.externalId]));
  return toPage(
    rows,
    limit,
    ({ conversationId: conversation, body: answer, ratedAt: at, reason: why, comment: words, ...row }): RatedDownAnswer => ({
      ...row,
      history: earlier.filter((turn) => turn.conversationId === conversation && turn.id < row.id).map((turn) => turn.question),
      finishReason: answer.finishReason,
      pipeline: answer.pipeline,
      // A citation of a document that is gone names nothing that could be looked up.
      cited: answer.citations.flatMap(({ source, quote }) => {
        const document = names.get(source.documentId);
        return document === undefined ? [] : [{ document, quote }];
      }),
      ratedAt: at ?? row.createdAt,
      ...(why === null ? {} : { reason: why }),
      ...(words === null ? {} : { comment: words }),
    }),
    (row) => row.id,
  );
}
