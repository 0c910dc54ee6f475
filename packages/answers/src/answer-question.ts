import {
  type AnswerEvent,
  type CallMeter,
  type Degradation,
  FootnoteError,
  type ModelEvent,
  type ModelSource,
  respelled,
  throwIfAborted,
  toFootnoteError,
  totalCost,
  totalUsage,
} from "@footnote/core";
import { createAnswerBuilder } from "./answer-builder.ts";
import { type AnswerQuestionOptions, beginDraft, type Draft, inTime, report, store, timeLeft } from "./answer-draft.ts";
import { CapReached, isBeyond } from "./caps.ts";
import { findSources } from "./find-sources.ts";
import { renderRequest } from "./prompts/render-request.ts";
import { createSentenceGate } from "./sentence-gate.ts";
import { plainTerms } from "./terms.ts";

/** What an abstaining answer says; it claims nothing and cites nothing. */
export const abstention = "The documents do not hold an answer to this question.";

/**
 * Answers one question: search, sources, then sentence by sentence what the model says, checked against the sources, then the stored
 * answer's end. Nothing is thrown: a failure is an `error` event followed by `answer-end` with finishReason `error`. The wall clock, model-call,
 * token and cost caps of the spec end it with `cap`; the signal, or a consumer that stops early, ends it with `aborted`, stops the model and
 * still stores what was said.
 */
export async function* answerQuestion(options: AnswerQuestionOptions): AsyncGenerator<AnswerEvent, void, void> {
  const { ids, spec } = options;
  const left = new AbortController();
  const draft = beginDraft(options, options.signal ? AbortSignal.any([options.signal, left.signal]) : left.signal);
  try {
    yield {
      type: "answer-start",
      answerId: ids.answer,
      conversationId: ids.conversation,
      pipeline: spec.name,
      pipelineHash: draft.pipelineHash,
    };
    try {
      yield* say(draft);
    } catch (error) {
      endEarly(draft, error);
    }
    yield* finish(draft);
  } finally {
    if (!draft.saved) {
      left.abort(new FootnoteError("cancelled", "The asker left."));
      await storeUnfinished(draft);
    }
  }
}

/** Sources, then the sentences that they bear. */
async function* say(draft: Draft): AsyncGenerator<AnswerEvent, void, void> {
  const { options, recorder, capped: meter, signal } = draft;
  const { question, history, spec, model, sources: from, clock, language } = options;
  throwIfAborted(signal);
  const found = await inTime(draft, () => findSources({ question, history, spec, from, clock, recorder, meter, signal }));
  Object.assign(draft.timings, found.timings);
  draft.degraded.push(...found.degraded);
  draft.sources = found.hits;
  const modelSources = found.hits.map((hit, index): ModelSource => ({ marker: index + 1, hit }));
  draft.builder = createAnswerBuilder({ sources: modelSources, terms: language?.terms ?? plainTerms });
  recorder.sources(modelSources, found.hitIds);
  // A model that writes understands a misspelt word; one that compares words needs the documents' spelling.
  const asked = model.capabilities.extractive ? respelled(question, found.corrections) : question;
  const { prompt, maxSentences } = spec.answer;
  const isPrompted = !model.capabilities.extractive && modelSources.length > 0;
  if (isPrompted) recorder.request(renderRequest(prompt, { question, sources: modelSources, history, maxSentences })?.sha256 ?? null);
  yield { type: "sources", hits: draft.sources };
  draft.finishReason = "unsupported";
  if (modelSources.length > 0) yield* timedSentences(draft, modelEvents(draft, asked, modelSources));
  yield* conclude(draft);
}

/** What the model says under the caps. */
async function* modelEvents(draft: Draft, question: string, sources: readonly ModelSource[]): AsyncGenerator<ModelEvent, void, void> {
  const { options, meter, capped, recorder, signal } = draft;
  const { spec, model, history } = options;
  const { prompt, formulas, maxSentences, minSupport, caps } = spec.answer;
  const countCall = capped.callsOf("generate", model);
  const counted: CallMeter = async (guess) => {
    if (timeLeft(draft) <= 0) throw new CapReached();
    const settle = await countCall(guess);
    recorder.call();
    return settle;
  };
  const call = new AbortController();
  const events = model.generate({
    prompt,
    formulas,
    question,
    sources,
    history,
    maxSentences,
    minSupport,
    tries: Math.max(1, caps.modelCalls - totalUsage(meter.used(), model.name).modelCalls),
    meter: counted,
    signal: AbortSignal.any([signal, call.signal]),
  });
  const iterator = events[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      const next = await inTime(draft, () => iterator.next());
      if (next.done) {
        ended = true;
        return;
      }
      const event = next.value;
      recorder.event(event);
      if (event.type === "finish" && event.embeddedTokens) meter.read("embed", model.name, event.embeddedTokens);
      if (event.type === "text-delta" && (isBeyond(caps, meter) || timeLeft(draft) <= 0)) throw new CapReached();
      yield event;
      if (event.type === "finish") return;
    }
  } finally {
    if (!ended) {
      call.abort(new FootnoteError("cancelled", "The model's output is no longer wanted."));
      // Not awaited: the return of a stalled generator settles only when its pending step does.
      iterator.return?.()?.catch(() => {});
    }
  }
}

async function* timedSentences(draft: Draft, events: AsyncIterable<ModelEvent>): AsyncGenerator<AnswerEvent, void, void> {
  const { clock, telemetry } = draft.options;
  const began = clock.now();
  let outcome: "ok" | "error" | "cancelled" = "error";
  try {
    yield* releaseSentences(draft, events);
    outcome = "ok";
  } finally {
    if (draft.signal.aborted) outcome = "cancelled";
    draft.timings["generate"] = clock.now() - began;
    telemetry.stage("generate", draft.timings["generate"], outcome);
  }
}

/** Sentences and quotes as they are complete, each with its citations and claim. */
async function* releaseSentences(draft: Draft, events: AsyncIterable<ModelEvent>): AsyncGenerator<AnswerEvent, void, void> {
  const { options, builder, timings, began } = draft;
  const code = options.language?.code;
  const gate = createSentenceGate(code === undefined ? {} : { language: code });
  let sentences = 0;
  const released = function* (events: readonly AnswerEvent[]): Generator<AnswerEvent, void, void> {
    if (events.length === 0) return;
    if (sentences === 0) timings["first-sentence"] = options.clock.now() - began;
    sentences += 1;
    yield* events;
  };
  for await (const event of events) {
    switch (event.type) {
      case "text-delta":
        for (const sentence of gate.push(event.text)) yield* released(builder.addSentence(sentence));
        break;
      case "quote":
        if (sentences < options.spec.answer.maxSentences) yield* released(builder.addQuote(event));
        break;
      case "finish":
        draft.finishReason = event.reason;
        draft.degraded.push(...(event.missingParts ?? []).map(missingPart));
        break;
    }
  }
  // A sentence cut off by a length limit is shown as far as it goes, and checked like any other.
  for (const sentence of gate.end()) yield* released(builder.addSentence(sentence));
}

const missingPart = (part: number): Degradation => ({
  step: "generate",
  reason: `nothing in the documents supports part ${part} of the question`,
  fallback: "the other parts were answered",
});

/** What cites something has an answer; what ended without a citation abstains. */
function* conclude(draft: Draft): Generator<AnswerEvent, void, void> {
  const { builder, finishReason } = draft;
  if (builder.citations.length > 0) {
    if (finishReason === "unsupported") draft.finishReason = "stop";
  } else if (finishReason === "stop" || finishReason === "unsupported") {
    draft.finishReason = "unsupported";
    if (builder.text === "") yield* builder.addNotice(abstention);
  }
}

function endEarly(draft: Draft, error: unknown): void {
  if (error instanceof CapReached) draft.finishReason = "cap";
  else if (draft.signal.aborted) draft.finishReason = "aborted";
  else {
    draft.finishReason = "error";
    draft.failure = toFootnoteError(error);
  }
}

/** Stores the answer and says how it ended. */
async function* finish(draft: Draft): AsyncGenerator<AnswerEvent, void, void> {
  const { builder, meter, options, timings, degraded } = draft;
  const { ids, model, telemetry } = options;
  const { markers, quotes } = builder.dropped;
  if (markers > 0) telemetry.count("footnote_markers_dropped_total", { model: model.name }, markers);
  if (quotes > 0) telemetry.count("footnote_quotes_dropped_total", { model: model.name }, quotes);
  try {
    await store(draft);
  } catch (error) {
    draft.finishReason = "error";
    draft.failure ??= toFootnoteError(error);
  }
  const { finishReason, failure } = draft;
  if (failure) {
    telemetry.logger.error({ answer: ids.answer, model: model.name }, "an answer failed", failure);
    yield { type: "error", error: failure };
  }
  report(draft);
  const used = meter.used();
  yield { type: "answer-end", finishReason, usage: totalUsage(used, model.name), cost: totalCost(used), timings, degraded };
}

/** The consumer left: what was said is stored all the same. */
async function storeUnfinished(draft: Draft): Promise<void> {
  const { telemetry, ids } = draft.options;
  draft.finishReason = "aborted";
  report(draft);
  try {
    await store(draft);
  } catch (error) {
    telemetry.logger.error({ answer: ids.answer }, "an answer that was left early could not be stored", error);
  }
}
