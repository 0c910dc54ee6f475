import { type EvaluationWork, FootnoteError } from "@footnote/core";
import { openCollectionTarget } from "../collection-target.ts";
import { evaluateRun } from "../evaluate-run.ts";
import { bindVerb, defineVerb } from "../verb.ts";
import { ask } from "./ask.ts";
import { deleteConversation } from "./delete-conversation.ts";
import { listDocuments } from "./list-documents.ts";
import { readDocument } from "./read-document.ts";
import { readDocumentText } from "./read-document-text.ts";
import { resolvePipeline } from "./resolve-pipeline.ts";
import { search } from "./search.ts";

/** A turn of a run: asks the questions that have no answer yet, in the name of whoever began it, who must still be allowed to ask. */
export const evaluate = defineVerb({
  scope: "ask",
  audits: ["conversation.create", "answer.create", "conversation.delete"],
  async run(context, { actor: evaluator, signal }, input: Pick<EvaluationWork, "runId" | "progress" | "isOver">): Promise<"done" | "more"> {
    const { store, judges, actorOf, telemetry } = context;
    const { tenantId } = evaluator;
    const verbs = {
      ask: bindVerb(context, ask),
      search: bindVerb(context, search),
      listDocuments: bindVerb(context, listDocuments),
      resolvePipeline: bindVerb(context, resolvePipeline),
      readDocument: bindVerb(context, readDocument),
      readDocumentText: bindVerb(context, readDocumentText),
      deleteConversation: bindVerb(context, deleteConversation),
    };
    return await evaluateRun(
      {
        store,
        judges,
        async targetFor({ actor: beganBy, collectionId, pipeline }, corpus) {
          if (beganBy === null) {
            throw new FootnoteError("conflict", "The run does not say whose key it was begun with; begin a new one.", { retryable: false });
          }
          return await openCollectionTarget({
            verbs,
            // What a run needs and no more, for as long as whoever began it may ask.
            actor: async () => ({
              ...(await actorOf(tenantId, beganBy)),
              scopes: ["read", "ask"],
              collections: [collectionId],
            }),
            forgetter: evaluator,
            onLeftBehind: (error) =>
              telemetry.logger.error({ run: input.runId, tenant: tenantId }, "a conversation of an evaluation was not deleted", error),
            collection: collectionId,
            pipeline,
            corpus,
            signal,
          });
        },
      },
      { ...input, tenantId, signal },
    );
  },
});
