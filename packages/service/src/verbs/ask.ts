import { type AnswerSources, answerQuestion, rewriteFollowUp } from "@footnote/answers";
import {
  type Answer,
  type AnswerEvent,
  type AnswerId,
  type ChunkId,
  type ConversationId,
  createUsageMeter,
  FootnoteError,
  type LanguageModel,
  newId,
  type PipelineSpec,
  type TenantId,
} from "@footnote/core";
import { normalizeQuery, packSources, routedModel } from "@footnote/retrieval";
import { type AnswerRequest, answerRequestSchema } from "@footnote/sdk";
import { notingReader } from "../export-trace.ts";
import { findConversation } from "../find-answer.ts";
import { findCollection } from "../find-collection.ts";
import { recordUsage } from "../record-usage.ts";
import { pipelineFor } from "../named-pipelines.ts";
import type { VerbContext } from "../service-context.ts";
import { validate } from "../validate.ts";
import { defineVerb } from "../verb.ts";
import { visibility } from "../visibility.ts";

/** Earlier turns that a follow-up question is read with. */
const historyTurns = 6;

const askInputSchema = answerRequestSchema.omit({ stream: true });
export type AskInput = Omit<AnswerRequest, "stream">;

/** An answer on its way. */
export interface Asked {
  id: AnswerId;
  /** Made for this question where it named none. */
  conversationId: ConversationId;
  /** To be read once; whoever stops reading stops the work, and what was said is stored. */
  events: AsyncIterable<AnswerEvent>;
  /** The answer, from the moment it is stored: that is before its last event. */
  stored(): Answer | null;
}

/** The whole answer, of events that are read to their end; throws the error that ended it. */
export async function wholeAnswer({ events, stored }: Pick<Asked, "events" | "stored">): Promise<Answer> {
  for await (const event of events) if (event.type === "error") throw event.error;
  const answer = stored();
  if (!answer) throw new FootnoteError("internal", "The answer ended without having been stored; ask again.");
  return answer;
}

/** Answers a question from a collection's documents. */
export const ask = defineVerb({
  scope: "ask",
  audits: ["conversation.create", "answer.create"],
  async run(context, call, input: AskInput): Promise<Asked> {
    const { store, retriever, clock, telemetry } = context;
    const { actor, by, signal } = call;
    const { tenantId } = actor;
    const { question, filter, principals, ...named } = validate(askInputSchema, input, "The question");
    const collection = await findCollection(context, actor, named.collection);
    const spec = await pipelineFor(context, { tenantId, collection, name: named.pipeline });
    const model = answeringModel(context, { tenantId, spec, question });
    const conversation = named.conversationId === undefined ? null : await findConversation(context, actor, named.conversationId);
    if (conversation && conversation.collectionId !== collection.id) {
      throw new FootnoteError("invalid_request", "The conversation is about another collection; start a new one.");
    }
    const ids = {
      answer: newId("answer"),
      conversation: conversation?.id ?? (await store.conversations.create(tenantId, collection.id, by)),
    };
    const meter = createUsageMeter();
    const visible = visibility({ filter, principals });
    const chunksRead: ChunkId[] = [];
    let stored: Answer | null = null;
    const events = answerQuestion({
      question,
      history: (conversation?.turns ?? []).slice(-historyTurns).map((turn) => ({ question: turn.question, answer: turn.text })),
      spec,
      model,
      sources: {
        search: (query, options) =>
          retriever.search({ tenantId, collectionId: collection.id, spec, query, limit: spec.topK, ...visible, ...options }),
        ...followUpCompletion(context, tenantId, spec),
        pack: (packing) => packSources({ tenantId, chunks: notingReader(store.chunks, chunksRead), ...packing }),
        chunksRead: () => chunksRead,
      },
      async save(answer, trace) {
        try {
          await store.answers.save(tenantId, answer, { collectionId: collection.id, trace, by });
          stored = answer;
        } finally {
          // It was used, stored answer or not.
          await recordUsage(context, call, { kind: "answer", meter });
        }
      },
      ids,
      meter,
      clock,
      telemetry,
      language: { terms: (text) => context.analyzerFor(spec).terms(text), code: spec.index.analyzer.language },
      signal,
    });
    return { id: ids.answer, conversationId: ids.conversation, events, stored: () => stored };
  },
});

/** The model that the pipeline's route names for this question. */
function answeringModel(
  { modelNamed }: VerbContext,
  { tenantId, spec, question }: { tenantId: TenantId; spec: PipelineSpec; question: string },
): LanguageModel {
  const name = routedModel(spec, normalizeQuery(question));
  const model = modelNamed(tenantId, name);
  if (model) return model;
  throw new FootnoteError(
    "pipeline_incompatible",
    `The pipeline ${spec.name} answers with the model ${name}, which this server has not; choose another pipeline, or set MODEL_URL and MODEL_NAME.`,
  );
}

type Completion = Pick<AnswerSources, "completeQuestion">;

/** How a follow-up is completed before it is searched, as the pipeline wants it; the answer's own default carries words over. */
function followUpCompletion({ modelNamed }: VerbContext, tenantId: TenantId, { followUps }: PipelineSpec): Completion {
  if (followUps.type === "rules") return {};
  if (followUps.type === "none") return { completeQuestion: async (question) => question };
  return {
    async completeQuestion(question, history, { meter, signal }) {
      const model = modelNamed(tenantId, followUps.model);
      if (!model) {
        throw new FootnoteError("configuration_invalid", `No model named ${followUps.model} is configured; choose another pipeline.`);
      }
      return await rewriteFollowUp({ question, history, model, meter: meter.callsOf("rewrite", model), signal });
    },
  };
}
