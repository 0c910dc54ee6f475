import { createEventStream } from "@footnote/answers";
import type { Answer, AnswerEvent } from "@footnote/core";
import type { Service } from "@footnote/service";
import { z } from "zod";
import { asking } from "../answer-reply.ts";
import { eventStreamHeaders } from "../event-stream-headers.ts";
import { toProblem } from "../problem.ts";
import type { Router } from "../route.ts";

/** Chat as other programs speak it: the model is a collection, the last message the question. */
const chatSchema = z.strictObject({
  model: z.string(),
  messages: z.array(z.strictObject({ role: z.enum(["user", "assistant"]), content: z.string() })).min(1),
  stream: z.boolean().default(false),
});

const toMessage = ({ id, text, finishReason }: Answer) => ({
  id,
  object: "chat.completion",
  choices: [{ index: 0, message: { role: "assistant", content: text }, finish_reason: finishReason }],
});

async function* chunksOf(events: AsyncIterable<AnswerEvent>) {
  let id = "";
  for await (const event of events) {
    if (event.type === "error") throw event.error;
    if (event.type === "answer-start") id = event.answerId;
    const delta = event.type === "text-delta" ? { content: event.text } : {};
    const finish_reason = event.type === "answer-end" ? event.finishReason : null;
    if (event.type === "text-delta" || finish_reason) yield { event: "chunk", data: { id, choices: [{ index: 0, delta, finish_reason }] } };
  }
}

/** A second format for the same verb: what it takes to add one. */
export function addChatRoute(router: Router, service: Service): void {
  router.add({
    method: "post",
    path: "/test/chat",
    tag: "Test",
    summary: "Ask in another format",
    verb: service.ask,
    body: chatSchema,
    replies: {},
    ...asking(service, {
      question: ({ model, messages }: z.output<typeof chatSchema>) => ({ collection: model, question: messages.at(-1)?.content ?? "" }),
      isStreamed: ({ stream }) => stream,
      toReply: toMessage,
      toStream(events, { requestId, onCancel }) {
        const options = { toProblem: (error: unknown) => toProblem(error, requestId), ...(onCancel ? { onCancel } : {}) };
        return new Response(createEventStream(chunksOf(events), options), { headers: eventStreamHeaders });
      },
    }),
  });
}
