import type { Answer } from "../answer.ts";
import { newId } from "../ids.ts";

/** An answer that says nothing and costs nothing, with what matters put in. */
export function answerOf(more: Partial<Answer>): Answer {
  return {
    id: newId("answer"),
    conversationId: newId("conversation"),
    question: "What now?",
    text: "",
    citations: [],
    claims: [],
    sources: [],
    finishReason: "stop",
    usage: { model: "extractive", promptTokens: 0, completionTokens: 0, cachedTokens: 0, embeddedTokens: 0, modelCalls: 0 },
    cost: { currency: "USD", embed: 0, rerank: 0, generate: 0, total: 0 },
    timings: {},
    degraded: [],
    pipeline: "default",
    pipelineHash: "x",
    createdAt: new Date(),
    ...more,
  };
}
