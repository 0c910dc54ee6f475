import { answerRequestSchema, answerSchema, conversationSchema, feedbackRequestSchema, traceExportSchema } from "@footnote/sdk";
import type { Service } from "@footnote/service";
import { toAnswer, toConversation } from "@footnote/service/wire";
import type { z } from "zod";
import { answerStream, asking } from "../answer-reply.ts";
import { json, type Router } from "../route.ts";

export function addAnswerRoutes(router: Router, service: Service): void {
  router.add({
    method: "post",
    path: "/v1/answers",
    tag: "Ask",
    summary: "Answer a question with footnotes",
    description:
      "With stream: true, server-sent events: answer-start, sources, then for each sentence text-delta, its citations and its claim, then answer-end. Spans count UTF-16 code units in the answer's text. A client that leaves stops the work.",
    verb: service.ask,
    body: answerRequestSchema,
    replies: { 200: { description: "The answer; text/event-stream when stream is true", schema: answerSchema } },
    ...asking(service, {
      question: ({ stream: _stream, ...question }: z.output<typeof answerRequestSchema>) => question,
      isStreamed: ({ stream }) => stream,
      toReply: toAnswer,
      toStream: answerStream,
    }),
  });

  router.add({
    method: "get",
    path: "/v1/answers/{id}",
    tag: "Ask",
    summary: "Read an answer again",
    verb: service.readAnswer,
    replies: { 200: { description: "The answer", schema: answerSchema } },
    handler: async ({ run, id }) => json(toAnswer(await run({ answerId: id("answer") }))),
  });
  router.add({
    method: "get",
    path: "/v1/answers/{id}/trace",
    tag: "Ask",
    summary: "Read what each step of an answer was given and gave",
    description:
      "Queries, terms, what each search leg found with scores, fused and reranked order, sources, the model's request and output, and the texts they are about. 404 for answers that were stored without one.",
    verb: service.readTrace,
    replies: { 200: { description: "The answer with its trace", schema: traceExportSchema } },
    handler: async ({ run, id }) => json(await run({ answerId: id("answer") })),
  });
  router.add({
    method: "post",
    path: "/v1/answers/{id}/feedback",
    tag: "Ask",
    summary: "Say whether an answer helped",
    description:
      "One word per answer and user, or per answer and key where none is named: the last one counts. Answers rated down are listed under /v1/evals/candidates.",
    verb: service.giveFeedback,
    body: feedbackRequestSchema,
    replies: { 204: { description: "Noted" } },
    async handler({ run, id, body }) {
      await run({ ...body, answerId: id("answer") });
      return new Response(null, { status: 204 });
    },
  });
  router.add({
    method: "get",
    path: "/v1/conversations/{id}",
    tag: "Ask",
    summary: "Read a conversation",
    verb: service.readConversation,
    replies: { 200: { description: "The conversation", schema: conversationSchema } },
    handler: async ({ run, id }) => json(toConversation(await run({ conversationId: id("conversation") }))),
  });
  router.add({
    method: "delete",
    path: "/v1/conversations/{id}",
    tag: "Ask",
    summary: "Delete a conversation",
    verb: service.deleteConversation,
    replies: { 204: { description: "Deleted" } },
    async handler({ run, id }) {
      await run({ conversationId: id("conversation") });
      return new Response(null, { status: 204 });
    },
  });
}
