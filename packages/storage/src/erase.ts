import type { AnswerId, AnswerTrace, Attribution, BlobStore, DocumentId, TenantId } from "@footnote/core";
import { writeAudit } from "./audit.ts";
import { deleteListedBlobs } from "./blob-deletions.ts";
import { and, eq, inArray, isNotNull, sql } from "drizzle-orm";
import { type AnswerBody, answers, answerSources, feedback } from "./schema/answers.ts";
import { chunks, documents, documentVersions } from "./schema/documents.ts";
import { idempotencyKeys } from "./schema/tenancy.ts";
import { jobs } from "./schema/work.ts";
import { redactEvaluations } from "./redact-evaluations.ts";
import { createIndexWriters } from "./index-writers.ts";
import { foldCollection } from "./maintenance.ts";
import { joining, type Session, type Transaction } from "./session.ts";
import type { EmbeddingSpaceDefinition } from "./store.ts";

const answerColumns = {
  id: answers.id,
  conversationId: answers.conversationId,
  text: answers.text,
  body: answers.body,
  trace: answers.trace,
};

/** Stands for each character that quoted an erased document, so that every other span stays where it was. */
const mask = "█";

/** Removes a document from every store; see Store.documents.erase. Safe to run again after a crash at any point. */
export async function eraseDocument(
  { session, blobs, spaces }: { session: Session; blobs: BlobStore; spaces: readonly EmbeddingSpaceDefinition[] },
  { tenantId, id, by }: { tenantId: TenantId; id: DocumentId; by: Attribution },
): Promise<Record<string, number>> {
  let collectionId: string | undefined;
  const receipt = await session.transaction(tenantId, async (tx) => {
    const counts: Record<string, number> = {};
    const { db } = tx;
    const [document] = await db.select().from(documents).where(eq(documents.id, id)).for("update");
    collectionId = document?.collectionId;
    const known = await db.select({ id: documentVersions.id }).from(documentVersions).where(eq(documentVersions.documentId, id));
    const versionIds = known.map((version) => version.id);
    Object.assign(counts, await redactAnswers(tx, id));
    if (document) {
      const { externalId } = document;
      Object.assign(counts, await redactEvaluations(tx, { collectionId: document.collectionId, externalId }));
    }
    for (const writer of createIndexWriters(joining(tx), spaces).all) {
      Object.assign(counts, await writer.remove({ tenantId, versionIds }));
    }
    counts.chunks = (await db.delete(chunks).where(inArray(chunks.versionId, versionIds)).returning({ id: chunks.id })).length;
    const isAbout = eq(idempotencyKeys.documentId, id);
    counts.idempotencyBodies = (await db.delete(idempotencyKeys).where(isAbout).returning({ key: idempotencyKeys.key })).length;
    // SQL: a copy from one table to another.
    await tx.query(
      `insert into blob_deletions (tenant_id, document_id, sha256)
       select distinct v.tenant_id, v.document_id, v.sha256 from document_versions v where v.document_id = $1
         and not exists (select from document_versions o where o.tenant_id = v.tenant_id and o.sha256 = v.sha256 and o.document_id <> $1)
       on conflict do nothing`,
      [id],
    );
    const ofDocument = eq(documentVersions.documentId, id);
    counts.versions = (await db.delete(documentVersions).where(ofDocument).returning({ id: documentVersions.id })).length;
    counts.documents = (await db.delete(documents).where(eq(documents.id, id)).returning({ id: documents.id })).length;
    await db
      .update(jobs)
      .set({ error: null })
      .where(and(eq(jobs.documentId, id), eq(jobs.kind, "ingest")));
    if (document) await writeAudit(tx, tenantId, by, { action: "document.erase", subject: id });
    return counts;
  });
  // The postings' blocks still name the chunks' numbers and terms until they are folded.
  if (collectionId !== undefined) await foldCollection(session, { tenantId, collectionId, wait: true });
  receipt.blobs = await deleteListedBlobs({ session, blobs }, tenantId, id);
  return receipt;
}

/**
 * Masks what answers say from the document, drops its citations and sources, and empties their traces. Later turns of a conversation are followed:
 * a model was shown the earlier ones and may repeat them without a footnote, and their queries may have been completed from them. A comment may
 * quote what its answer said; the rating and the reason may stay.
 */
async function redactAnswers(tx: Transaction, id: DocumentId): Promise<{ answersRedacted: number; feedbackRedacted: number }> {
  const { db } = tx;
  const ofDocument = eq(answerSources.documentId, id);
  const showing = db.select({ id: answerSources.answerId }).from(answerSources).where(ofDocument);
  const begunIn = db.select({ id: answers.conversationId }).from(answers).where(inArray(answers.id, showing));
  // Answers before what is said of them, and in the order of their ids, as everybody takes them: otherwise two transactions could wait for one another.
  const rows = await db
    .select({ ...answerColumns, shown: sql<boolean>`${inArray(answers.id, showing)}` })
    .from(answers)
    .where(inArray(answers.conversationId, begunIn))
    .orderBy(answers.id)
    .for("update");
  const begun = new Set<string>();
  const changed: AnswerId[] = [];
  for (const row of rows) {
    const isLater = begun.has(row.conversationId) && row.trace?.historyTurns !== 0;
    if (!row.shown && !isLater) continue;
    begun.add(row.conversationId);
    const { text, body } = redactAnswer(row.text, row.body, id);
    if (row.shown || text !== row.text) changed.push(row.id);
    const trace = row.trace && redactTrace(row.trace, id);
    await db.update(answers).set({ text, body, trace }).where(eq(answers.id, row.id));
  }
  const comments = await db
    .update(feedback)
    .set({ comment: null })
    .where(and(isNotNull(feedback.comment), inArray(feedback.answerId, changed)))
    .returning({ id: feedback.id });
  await db.delete(answerSources).where(ofDocument);
  return { answersRedacted: changed.length, feedbackRedacted: comments.length };
}

function redactAnswer(text: string, body: AnswerBody, documentId: DocumentId): { text: string; body: AnswerBody } {
  const gone = body.citations.filter((citation) => citation.source.documentId === documentId);
  let kept = text;
  for (const { answerSpan, quote } of gone) {
    kept = blank(kept, answerSpan.start, answerSpan.end);
    if (quote === "") continue;
    for (let at = kept.indexOf(quote); at >= 0; at = kept.indexOf(quote, at + quote.length)) {
      kept = blank(kept, at, at + quote.length);
    }
  }
  // A sentence that no other document bears out may be the erased one's, cited or not.
  const citations = body.citations.filter((citation) => citation.source.documentId !== documentId);
  for (const { answerSpan, support } of body.claims) {
    const isCited = citations.some((citation) => citation.answerSpan.start < answerSpan.end && citation.answerSpan.end > answerSpan.start);
    if (support !== "supported" || !isCited) kept = blank(kept, answerSpan.start, answerSpan.end);
  }
  return {
    text: kept,
    body: {
      ...body,
      citations,
      sources: body.sources.filter((hit) => hit.chunk.documentId !== documentId),
    },
  };
}

/** What the model said and what it was asked to search by may hold the document's words; ids and scores may stay. */
function redactTrace(trace: AnswerTrace, documentId: DocumentId): AnswerTrace {
  const searches = trace.searches.map(({ trace: searched }) => {
    if (searched === null) return { asked: "", trace: null };
    const { passages: _passages, ...kept } = searched;
    const legs = searched.legs.map(({ leg, results }) => ({ leg, results }));
    return { asked: "", trace: { ...kept, query: "", terms: [], legs } };
  });
  return {
    ...trace,
    searches,
    sources: trace.sources.filter((source) => source.documentId !== documentId),
    output: [],
    redacted: true,
  };
}

function blank(text: string, start: number, end: number): string {
  return text.slice(0, start) + text.slice(start, end).replace(/[^\s]/g, mask) + text.slice(end);
}
