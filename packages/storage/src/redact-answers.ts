import type { AnswerId, AnswerTrace, DocumentId } from "@footnote/core";
import { and, eq, inArray, isNotNull, sql } from "drizzle-orm";
import type { Eraser } from "./eraser.ts";
import { type AnswerBody, answers, answerSources, feedback } from "./schema/answers.ts";

const answerColumns = {
  id: answers.id,
  conversationId: answers.conversationId,
  text: answers.text,
  body: answers.body,
  trace: answers.trace,
};

/** Stands for each character that quoted an erased document, so that every other span stays where it was. */
const mask = "█";

/**
 * Masks what answers say from the document, drops its citations and sources, and empties their traces. Later turns of a conversation are followed:
 * a model was shown the earlier ones and may repeat them without a footnote, and their queries may have been completed from them. A comment may
 * quote what its answer said; the rating and the reason may stay.
 */
export const redactAnswers: Eraser = async ({ tx: { db }, id }) => {
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
};

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
