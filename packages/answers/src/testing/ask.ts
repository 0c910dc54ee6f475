import { type Answer, type AnswerEvent, type Hit, newId, type PipelineSpec, pipelineSpecSchema } from "@footnote/core";
import { createFakeClock, createSilentTelemetry } from "@footnote/core/testing";
import type { AnswerQuestionOptions } from "../answer-draft.ts";
import { answerQuestion } from "../answer-question.ts";
import type { AnswerSources } from "../find-sources.ts";
import { type ResilienceOptions, withResilience } from "../with-resilience.ts";

/** A spec with the shipped values, with other values of its answer part. */
export function sampleSpec(answer: Partial<PipelineSpec["answer"]> = {}): PipelineSpec {
  return pipelineSpecSchema.parse({
    name: "default",
    version: 1,
    index: {
      chunker: { strategy: "structure", maxTokens: 200, overlapTokens: 0, windowSentences: 2 },
      space: "fake_64",
      context: { title: true, headingPath: true },
      analyzer: { language: "en", version: 1 },
    },
    candidates: { dense: 100, lexical: 100 },
    fusion: { type: "convex", lexicalWeight: 0.3 },
    reranker: { type: "none" },
    topK: 5,
    packing: { strategy: "none", maxTokens: 2_000 },
    answer: {
      model: "scripted",
      prompt: "extractive-v1",
      maxSentences: 4,
      minSupport: 0.5,
      caps: { modelCalls: 4, tokens: 20_000, wallClockMs: 120_000, usd: 0.5 },
      ...answer,
    },
  });
}

/** Options of a question over given hits, with a fake clock, what was saved and what was counted. */
export function question(
  options: Partial<AnswerQuestionOptions & AnswerSources & ResilienceOptions> &
    Pick<AnswerQuestionOptions, "model"> & { hits: readonly Hit[] },
) {
  const { hits, model, search, completeQuestion, pack, chunksRead, timeouts = {}, ...rest } = options;
  const saved: Answer[] = [];
  const counted = new Map<string, number>();
  const telemetry = createSilentTelemetry();
  const clock = createFakeClock(1_700_000_000_000);
  const counting = {
    ...telemetry,
    count: (name: string, _labels: object, value = 1) => void counted.set(name, (counted.get(name) ?? 0) + value),
  };
  const asked: AnswerQuestionOptions = {
    question: "How long is the boiler guaranteed?",
    history: [],
    spec: sampleSpec(),
    model: withResilience(model, { clock: rest.clock ?? clock, timeouts, telemetry: counting }),
    sources: {
      search: search ?? (async () => ({ hits: [...hits], timings: { search: 3 }, degraded: [] })),
      ...(completeQuestion ? { completeQuestion } : {}),
      ...(pack ? { pack } : {}),
      ...(chunksRead ? { chunksRead } : {}),
    },
    save: async (answer) => void saved.push(answer),
    ids: { answer: newId("answer"), conversation: newId("conversation") },
    clock,
    ...rest,
    telemetry: counting,
  };
  return { asked, saved, counted, clock, telemetry, events: () => readAll(answerQuestion(asked)) };
}

export async function readAll(events: AsyncIterable<AnswerEvent>): Promise<AnswerEvent[]> {
  const all: AnswerEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}
