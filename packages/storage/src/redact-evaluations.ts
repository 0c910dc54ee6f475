import { and, arrayContains, eq, exists, sql } from "drizzle-orm";
import type { Eraser } from "./eraser.ts";
import { datasetHash } from "./evaluation-datasets.ts";
import { evalCases, evalDatasets, evalResults, evalRuns } from "./schema/evaluations.ts";

import type { EvalBody } from "./store/evaluation-runs.ts";

/** Removes cases that quote a document and masks what results show of it. */
export const redactEvaluations: Eraser = async ({ tx: { db }, document }) => {
  // A document whose row is gone was taken out of evaluations in the same transaction.
  if (!document) return {};
  const { collectionId, externalId } = document;
  const removed = await db
    .delete(evalCases)
    .where(
      and(
        arrayContains(evalCases.documents, [externalId]),
        exists(
          db
            .select({ name: evalDatasets.name })
            .from(evalDatasets)
            .where(and(eq(evalDatasets.name, evalCases.dataset), eq(evalDatasets.collectionId, collectionId))),
        ),
      ),
    )
    .returning({ dataset: evalCases.dataset });
  for (const name of new Set(removed.map(({ dataset }) => dataset))) {
    const left = await db.select({ sha256: evalCases.sha256 }).from(evalCases).where(eq(evalCases.dataset, name));
    const now = { sha256: datasetHash(left), caseCount: left.length, updatedAt: sql`now()` };
    await db.update(evalDatasets).set(now).where(eq(evalDatasets.name, name));
  }
  const { runId, caseId, body } = evalResults;
  const results = await db
    .select({ runId, caseId, body })
    .from(evalResults)
    .innerJoin(evalRuns, and(eq(evalRuns.tenantId, evalResults.tenantId), eq(evalRuns.id, runId)))
    .where(and(eq(evalRuns.collectionId, collectionId), arrayContains(evalResults.documents, [externalId])))
    .orderBy(runId, caseId)
    .for("update", { of: evalResults });
  for (const shown of results) {
    await db
      .update(evalResults)
      .set({ body: redactResult(shown.body, externalId), documents: sql`array_remove(${evalResults.documents}, ${externalId})` })
      .where(and(eq(runId, shown.runId), eq(caseId, shown.caseId)));
  }
  return { evalCases: removed.length, evalResultsRedacted: results.length };
};

const mask = "█";
const blank = (text: string) => text.replace(/[^\s]/g, mask);

interface Shown {
  document: string;
  text: string;
}

/**
 * A result without the words of a document: its contexts, quotes and cited sentences become blocks of equal length, so that every other span
 * stays where it was. The answer's whole text and the reference answer go with the first of them.
 */
export function redactResult(body: EvalBody, document: string): EvalBody {
  const hide = <T extends Shown>(shown: T): T => (shown.document === document ? { ...shown, text: blank(shown.text) } : shown);
  const { answer, case: asked } = body;
  // What a model writes without a citation may come from any of its contexts.
  const isShown = answer.contexts.some((context) => context.document === document);
  const isCited = ({ citations }: { citations: readonly Shown[] }) => citations.some((citation) => citation.document === document);
  const expects = asked.spans.some((span) => span.document === document);
  return {
    ...body,
    case: {
      ...asked,
      ...(expects && asked.referenceAnswer !== undefined ? { referenceAnswer: blank(asked.referenceAnswer) } : {}),
      spans: asked.spans.map((span) => (span.document === document ? { ...span, quote: blank(span.quote) } : span)),
    },
    answer: {
      ...answer,
      text: isShown || answer.sentences.some(isCited) ? blank(answer.text) : answer.text,
      sentences: answer.sentences.map((sentence) => {
        const isHidden = isCited(sentence) || (isShown && sentence.citations.length === 0);
        return { ...sentence, text: isHidden ? blank(sentence.text) : sentence.text, citations: sentence.citations.map(hide) };
      }),
      contexts: answer.contexts.map(hide),
      ranking: answer.ranking.map(hide),
    },
  };
}
