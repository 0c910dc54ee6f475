import { answerQuestion, type AnswerQuestionOptions, encodeServerSentEvents, rewriteFollowUp } from "@footnote/answers";
import {
  type Answer,
  type AnswerEvent,
  type AnswerId,
  type ChunkId,
  createUsageMeter,
  FootnoteError,
  isId,
  type LanguageModel,
  newId,
  type PipelineSpec,
  sha256,
} from "@footnote/core";
import { normalizeQuery, packSources, routedSpec } from "@footnote/retrieval";
import { answerRequestSchema, answerSchema, conversationSchema, feedbackRequestSchema, traceExportSchema } from "@footnote/sdk";
import type { ConversationRecord } from "@footnote/storage";
import { maySeeCollection, type TenantPrincipal, usageEntries } from "@footnote/tenancy";
import { z } from "zod";
import type { ApiDependencies } from "../dependencies.ts";
import { eventStreamHeaders } from "../event-stream-headers.ts";
import { findCollection, pipelineFor } from "../pipelines-in-use.ts";
import { toProblem } from "../problem.ts";
import { parseJson } from "../request-body.ts";
import { json, notFound, type Router, scoped } from "../route.ts";
import { type SearchService, toFilter } from "../search-service.ts";
import { exportTrace, notingReader } from "../trace-export.ts";
import { eventsOf, toAnswer, toConversation, toServerEvent } from "../wire.ts";

/** Earlier turns that a follow-up question is read with. */
const historyTurns = 6;
const keptReply = z.object({ id: z.string() });

export function addAnswerRoutes(router: Router, deps: ApiDependencies, service: SearchService): void {
  const { store, modelNamed, telemetry, clock } = deps;

  async function findConversation(principal: TenantPrincipal, id: string): Promise<ConversationRecord> {
    if (!isId("conversation", id)) throw notFound();
    const conversation = await store.conversations.get(principal.tenantId, id);
    if (!conversation || !maySeeCollection(principal, conversation.collectionId)) throw notFound();
    return conversation;
  }
  async function findAnswer(principal: TenantPrincipal, id: AnswerId): Promise<Answer> {
    const answer = await store.answers.get(principal.tenantId, id);
    if (!answer) throw notFound();
    // An answer's collection is that of its conversation: a limited key needs to know it.
    if (principal.collections !== null) await findConversation(principal, answer.conversationId);
    return answer;
  }

  router.add({
    method: "post",
    path: "/v1/answers",
    tag: "Ask",
    summary: "Answer a question with footnotes",
    description:
      "With stream: true, server-sent events: answer-start, sources, then for each sentence text-delta, its citations and its claim, then answer-end. Spans count UTF-16 code units in the answer's text. A client that leaves stops the work.",
    guard: scoped("ask"),
    body: answerRequestSchema,
    replies: { 200: { description: "The answer; text/event-stream when stream is true", schema: answerSchema } },
    creates: {
      manual: true,
      async replay(kept, { principal, body, requestId }) {
        const { id } = keptReply.parse(parseJson(kept, "The kept reply"));
        if (!isId("answer", id)) throw notFound();
        const answer = await findAnswer(principal, id);
        if (!body.stream) return json(toAnswer(answer));
        return streamOf(asAsync(eventsOf(answer)), requestId, () => undefined);
      },
    },
    async handler({ principal, body, request, requestId, signal, idempotency, holdOpen }) {
      const { tenantId } = principal;
      const collection = await findCollection(store, principal, body.collection);
      const spec = await pipelineFor(deps, { tenantId, collection, name: body.pipeline });
      const routed = routedSpec(spec, normalizeQuery(body.question));
      const model = modelNamed(tenantId, routed.answer.model);
      if (!model)
        throw new FootnoteError(
          "pipeline_incompatible",
          `The pipeline ${spec.name} answers with the model ${routed.answer.model}, which this server has not; choose another pipeline, or set MODEL_URL and MODEL_NAME.`,
        );
      const conversation = body.conversationId === undefined ? null : await findConversation(principal, body.conversationId);
      if (conversation && conversation.collectionId !== collection.id) {
        throw new FootnoteError("invalid_request", "The conversation is about another collection; start a new one.");
      }
      const ids = {
        answer: newId("answer"),
        conversation: conversation?.id ?? (await store.conversations.create(tenantId, collection.id)),
      };
      const meter = createUsageMeter();
      const chunksRead: ChunkId[] = [];
      const left = new AbortController();
      let saved: Answer | null = null;
      const events = answerQuestion({
        tenantId,
        question: body.question,
        history: (conversation?.turns ?? []).slice(-historyTurns).map((turn) => ({ question: turn.question, answer: turn.text })),
        spec,
        search: (query, options) =>
          service.search({
            tenantId,
            collection,
            spec,
            query,
            limit: spec.topK,
            filter: toFilter(body.filter),
            principals: body.principals,
            ...options,
          }),
        ...completion(spec, (name) => modelNamed(tenantId, name)),
        meter,
        pack: (packing) => packSources({ tenantId, chunks: notingReader(store.chunks, chunksRead), ...packing }),
        chunksRead: () => chunksRead,
        model,
        async save(answer, trace) {
          try {
            await store.answers.save(tenantId, answer, collection.id, trace);
            saved = answer;
            await idempotency?.complete({ status: 200, body: JSON.stringify({ id: answer.id }) });
          } finally {
            // It was used, stored answer or not.
            await store.usage
              .record(tenantId, usageEntries({ requestId, kind: "answer", used: meter.used() }))
              .catch((error: unknown) =>
                telemetry.logger.error({ requestId, tenant: tenantId }, "the usage of an answer was not recorded", error),
              );
          }
        },
        ids,
        clock,
        telemetry,
        terms: (text) => service.analyzerFor(spec).terms(text),
        language: spec.index.analyzer.language,
        signal: AbortSignal.any([signal, left.signal]),
      });
      const giveUpKey = async () => {
        if (!saved) await idempotency?.abandon().catch(() => undefined);
      };
      if (body.stream) {
        const release = holdOpen();
        return streamOf(
          whenDone(events, async () => (release(), await giveUpKey())),
          requestId,
          () => left.abort(),
        );
      }
      const release = holdOpen();
      try {
        for await (const event of events) if (event.type === "error") throw event.error;
      } finally {
        release();
        await giveUpKey();
      }
      if (request.signal.aborted) throw new FootnoteError("cancelled", "The client left before the answer was complete.");
      if (!saved) throw new FootnoteError("internal", "The answer ended without having been stored; ask again.");
      return json(toAnswer(saved));
    },
  });

  router.add({
    method: "get",
    path: "/v1/answers/{id}",
    tag: "Ask",
    summary: "Read an answer again",
    guard: scoped("ask"),
    replies: { 200: { description: "The answer", schema: answerSchema } },
    handler: async ({ principal, id }) => json(toAnswer(await findAnswer(principal, id("answer")))),
  });
  router.add({
    method: "get",
    path: "/v1/answers/{id}/trace",
    tag: "Ask",
    summary: "Read what each step of an answer was given and gave",
    description:
      "Queries, terms, what each search leg found with scores, fused and reranked order, sources, the model's request and output, and the texts they are about. 404 for answers that were stored without one.",
    guard: scoped("read"),
    replies: { 200: { description: "The answer with its trace", schema: traceExportSchema } },
    async handler({ principal, id }) {
      const { tenantId } = principal;
      return json(await exportTrace(store, { tenantId, answer: await findAnswer(principal, id("answer")) }));
    },
  });
  router.add({
    method: "post",
    path: "/v1/answers/{id}/feedback",
    tag: "Ask",
    summary: "Say whether an answer helped",
    description:
      "One word per answer and user, or per answer and key where none is named: the last one counts. Answers rated down are listed under /v1/evals/candidates.",
    guard: scoped("ask"),
    body: feedbackRequestSchema,
    replies: { 204: { description: "Noted" } },
    async handler({ principal, id, body }) {
      const answer = await findAnswer(principal, id("answer"));
      const { rating, reason, comment, user } = body;
      const kept = await store.answers.saveFeedback(principal.tenantId, answer.id, {
        // A name is only needed to tell people apart.
        author: user === undefined ? `key:${principal.keyId}` : `user:${sha256(`${principal.tenantId}\n${user}`)}`,
        rating,
        ...(reason === undefined ? {} : { reason }),
        ...(comment === undefined ? {} : { comment }),
      });
      if (!kept) throw notFound();
      return new Response(null, { status: 204 });
    },
  });
  router.add({
    method: "get",
    path: "/v1/conversations/{id}",
    tag: "Ask",
    summary: "Read a conversation",
    guard: scoped("ask"),
    replies: { 200: { description: "The conversation", schema: conversationSchema } },
    handler: async ({ principal, id }) => json(toConversation(await findConversation(principal, id("conversation")))),
  });
  router.add({
    method: "delete",
    path: "/v1/conversations/{id}",
    tag: "Ask",
    summary: "Delete a conversation",
    guard: scoped("ask"),
    replies: { 204: { description: "Deleted" } },
    async handler({ principal, id }) {
      const conversation = await findConversation(principal, id("conversation"));
      if (!(await store.conversations.delete(principal.tenantId, conversation.id))) throw notFound();
      return new Response(null, { status: 204 });
    },
  });
}

/** How a follow-up is completed before it is searched, as the pipeline wants it; the answer's own default carries words over. */
function completion(
  spec: PipelineSpec,
  modelNamed: (name: string) => LanguageModel | undefined,
): Pick<AnswerQuestionOptions, "completeQuestion"> {
  const { followUps } = spec;
  if (followUps.type === "rules") return {};
  if (followUps.type === "none") return { completeQuestion: async (question) => question };
  return {
    async completeQuestion(question, history, { meter, signal }) {
      const model = modelNamed(followUps.model);
      if (!model)
        throw new FootnoteError("configuration_invalid", `No model named ${followUps.model} is configured; choose another pipeline.`);
      return await rewriteFollowUp({ question, history, model, meter: meter.callsOf("rewrite", model), signal });
    },
  };
}

function streamOf(events: AsyncIterable<AnswerEvent>, requestId: string, onCancel: () => void): Response {
  const stream = encodeServerSentEvents(events, {
    toWire: (event) => toServerEvent(event, requestId),
    toProblem: (error) => toProblem(error, requestId),
    onCancel,
  });
  return new Response(stream, { headers: eventStreamHeaders });
}

async function* asAsync<T>(items: Iterable<T>): AsyncGenerator<T, void, undefined> {
  yield* items;
}

async function* whenDone<T>(events: AsyncIterable<T>, done: () => Promise<void>): AsyncGenerator<T, void, undefined> {
  try {
    yield* events;
  } finally {
    await done();
  }
}
