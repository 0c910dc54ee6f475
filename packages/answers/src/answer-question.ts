import {
  type Answer,
  type AnswerEvent,
  type AnswerId,
  type AnswerTrace,
  type ChunkId,
  type Clock,
  type ConversationId,
  type Correction,
  createUsageMeter,
  type Degradation,
  type FinishReason,
  FootnoteError,
  type Hit,
  type LanguageModel,
  type LocatedChunk,
  type ModelEvent,
  type ModelSource,
  type PipelineSpec,
  pipelineHash,
  respelled,
  type SearchResult,
  type Telemetry,
  type TenantId,
  type Timings,
  toFootnoteError,
  totalCost,
  totalUsage,
  type UsageMeter,
  usageOfFailure,
} from "@footnote/core";
import { type AnswerBuilder, createAnswerBuilder } from "./answer-builder.ts";
import { CapReached, isBeyond, withCaps } from "./caps.ts";
import { contextualizeQuestion } from "./contextualize-question.ts";
import { renderRequest } from "./prompts/render-request.ts";
import { createSentenceGate } from "./sentence-gate.ts";
import { splitQuestion } from "./split-question.ts";
import { plainTerms, type TermsOf } from "./terms.ts";
import { createTraceRecorder, type TraceRecorder } from "./trace-recorder.ts";
import { within } from "./within.ts";

/** What an abstaining answer says; it claims nothing and cites nothing. */
export const abstention = "The documents do not hold an answer to this question.";

/** A hit and the chunks beside it that help to answer; each may be quoted under its own id. */
export interface PackedHit {
  hit: Hit;
  before: readonly LocatedChunk[];
  after: readonly LocatedChunk[];
}

export interface AnswerQuestionOptions {
  tenantId: TenantId;
  question: string;
  /** Earlier turns of the conversation, oldest first. */
  history: readonly { question: string; answer: string }[];
  spec: PipelineSpec;
  /** Called once for the question and once for each of its parts when it has several; the query is already completed from the history. */
  search(query: string, options: { meter: UsageMeter; signal: AbortSignal }): Promise<SearchResult>;
  /** A question as one that stands alone, from the questions before it. A failure is a degradation: the default is taken. Default: `contextualizeQuestion`. */
  completeQuestion?(
    question: string,
    history: readonly { question: string; answer?: string }[],
    options: { meter: UsageMeter; signal: AbortSignal },
  ): Promise<string>;
  /** Context packing; its chunks follow the hits as sources of their own. A failure is a degradation. Default: none. */
  pack?(request: { hits: readonly Hit[]; spec: PipelineSpec; signal: AbortSignal }): Promise<readonly PackedHit[]>;
  model: LanguageModel;
  /** Stores the answer; awaited before `answer-end`. Also called when the asker leaves early (`aborted`). */
  save(answer: Answer, trace: AnswerTrace): Promise<void>;
  /** Chunks that context packing looked at so far, for the trace. Default: not known. */
  chunksRead?(): readonly ChunkId[];
  ids: { answer: AnswerId; conversation: ConversationId };
  clock: Clock;
  telemetry: Telemetry;
  /** Where all that the answer uses is counted; it is complete when `save` is called. Default: one of its own. */
  meter?: UsageMeter;
  /** Words as the collection's analyzer sees them, for claim checking. Default: folded words without stemming rules of the language. */
  terms?: TermsOf;
  /** BCP 47 primary subtag of the answer, for sentence ends. Default `en`. */
  language?: string;
  /** Milliseconds without an event from the model after which it is given up. Default 30,000 each. */
  timeouts?: { firstTokenMs?: number; betweenTokensMs?: number };
  signal?: AbortSignal;
}

/** Characters per token where a model has not yet said what it used: a low guess, so that a cap fires early rather than late. */
const charactersPerToken = 3;
const saveTimeoutMs = 10_000;

/** Milliseconds that `completeQuestion` may take: a model that hangs must leave time for the answer. */
const completeTimeoutMs = 15_000;

/**
 * Answers one question: search, sources, then sentence by sentence what the model says, checked against the sources, then the stored
 * answer's end. Nothing is thrown: a failure is an `error` event followed by `answer-end` with finishReason `error`. The wall clock, model-call,
 * token and cost caps of the spec end it with `cap`; the signal, or a consumer that stops early, ends it with `aborted`, stops the model and
 * still stores what was said.
 */
export async function* answerQuestion(options: AnswerQuestionOptions): AsyncGenerator<AnswerEvent, void, void> {
  const { question, history, spec, model, ids, clock, telemetry } = options;
  const { firstTokenMs = 30_000, betweenTokensMs = 30_000 } = options.timeouts ?? {};
  const { caps } = spec.answer;
  const terms = options.terms ?? plainTerms;
  const meter = options.meter ?? createUsageMeter();
  const capped = withCaps(meter, caps);
  const hash = pipelineHash(spec);
  const began = clock.now();
  const createdAt = new Date(began);
  const work = new AbortController();
  const onAbort = () => work.abort(options.signal?.reason);
  if (options.signal?.aborted) onAbort();
  else options.signal?.addEventListener("abort", onAbort, { once: true });

  const timings: Timings = {};
  const degraded: Degradation[] = [];
  let sources: Hit[] = [];
  /** A model that writes understands a misspelt word; one that compares words needs the documents' spelling. */
  let asked = question;
  let builder: AnswerBuilder = createAnswerBuilder({ sources: [], terms });
  let saved = false;
  let finishReason: FinishReason = "aborted";
  let failure: FootnoteError | null = null;

  const recorder = createTraceRecorder({
    spec,
    model: { name: model.name, extractive: model.capabilities.extractive },
    historyTurns: history.length,
  });

  const usage = () => totalUsage(meter.used(), model.name);
  const cost = () => totalCost(meter.used());
  const timeLeft = () => began + caps.wallClockMs - clock.now();

  async function store(): Promise<void> {
    saved = true;
    timings["answer"] = clock.now() - began;
    const answer: Answer = {
      id: ids.answer,
      conversationId: ids.conversation,
      question,
      text: builder.text,
      citations: [...builder.citations],
      claims: [...builder.claims],
      sources,
      finishReason,
      usage: usage(),
      cost: cost(),
      timings,
      degraded,
      pipeline: spec.name,
      pipelineHash: hash,
      createdAt,
    };
    const trace = recorder.finish(builder.dropped, options.chunksRead?.() ?? []);
    const outcome = await within({ clock, ms: saveTimeoutMs }, options.save(answer, trace));
    if (outcome.type !== "value") {
      throw new FootnoteError("storage_failed", `The answer could not be stored within ${saveTimeoutMs / 1000} s; ask again.`);
    }
  }

  /** Waits for `promise` no longer than the wall clock of the answer allows. */
  async function inTime<T>(promise: Promise<T>): Promise<T> {
    const outcome = await within({ clock, ms: timeLeft(), signal: work.signal }, promise);
    if (outcome.type === "value") return outcome.value;
    if (outcome.type === "timeout") throw new CapReached();
    throw new FootnoteError("cancelled", "The answer was cancelled.");
  }

  /** The model's events under the timeouts and caps; a call that fails before its first event is repeated while calls are left. */
  async function* generate(modelSources: readonly ModelSource[], promptTokens: number): AsyncGenerator<ModelEvent, void, void> {
    const countCall = capped.callsOf("generate", model);
    const guess = { promptTokens, completionTokens: 0, cachedTokens: 0 };
    for (let tries = 1; ; tries++) {
      if (timeLeft() <= 0) throw new CapReached();
      // What is counted of a call that is stopped, or breaks off, is the last guess: it is paid for, and does not say for what.
      const settle = await countCall(guess);
      recorder.call();
      const call = new AbortController();
      const stop = () => call.abort(work.signal.reason);
      if (work.signal.aborted) stop();
      else work.signal.addEventListener("abort", stop, { once: true });
      let started = false;
      let ended = false;
      let characters = 0;
      let iterator: AsyncIterator<ModelEvent> | null = null;
      try {
        const { formulas, maxSentences, minSupport, prompt } = spec.answer;
        const events = model.generate({
          prompt,
          formulas,
          question: asked,
          sources: modelSources,
          history,
          maxSentences,
          minSupport,
          signal: call.signal,
        });
        iterator = events[Symbol.asyncIterator]();
        for (;;) {
          const patience = started ? betweenTokensMs : firstTokenMs;
          const left = timeLeft();
          const outcome = await within({ clock, ms: Math.min(patience, left), signal: work.signal }, iterator.next());
          if (outcome.type === "aborted") throw new FootnoteError("cancelled", "The answer was cancelled.");
          if (outcome.type === "timeout") {
            if (left <= patience) throw new CapReached();
            throw new FootnoteError("timeout", `Model ${model.name} sent nothing for ${patience / 1000} s; try again.`, {
              retryable: !started,
              details: { usage: guess },
            });
          }
          if (outcome.value.done) {
            ended = true;
            if (started) return;
            throw new FootnoteError("model_failed", `Model ${model.name} ended without an event; try again.`);
          }
          started = true;
          const event = outcome.value.value;
          recorder.event(event);
          if (event.type === "finish") {
            const { promptTokens, completionTokens, cachedTokens, embeddedTokens = 0 } = event;
            settle({ promptTokens, completionTokens, cachedTokens });
            if (embeddedTokens > 0) meter.read("embed", model.name, embeddedTokens);
          } else if (event.type === "text-delta") {
            characters += event.text.length + (event.thoughtCharacters ?? 0);
            settle({ ...guess, completionTokens: Math.ceil(characters / charactersPerToken) });
            if (isBeyond(caps, meter) || timeLeft() <= 0) throw new CapReached();
          }
          yield event;
          if (event.type === "finish") return;
        }
      } catch (error) {
        if (error instanceof CapReached || started || work.signal.aborted) throw error;
        const known = toFootnoteError(error);
        settle(usageOfFailure(known));
        if (!known.retryable) throw known;
        telemetry.count("footnote_model_retries_total", { model: model.name });
        if (usage().modelCalls >= caps.modelCalls) throw known;
        // Full jitter (Brooker 2015) over 250 ms doubled per call.
        await inTime(clock.sleep(Math.random() * 250 * 2 ** tries, work.signal));
      } finally {
        work.signal.removeEventListener("abort", stop);
        if (!ended) {
          call.abort(new FootnoteError("cancelled", "The model's output is no longer wanted."));
          // Not awaited: the return of a stalled generator settles only when its pending step does.
          iterator?.return?.()?.catch(() => {});
        }
      }
    }
  }

  try {
    yield { type: "answer-start", answerId: ids.answer, conversationId: ids.conversation, pipeline: spec.name, pipelineHash: hash };
    try {
      if (work.signal.aborted) throw new FootnoteError("cancelled", "The answer was cancelled.");
      const found = await inTime(findSources(options, { recorder, meter: capped, signal: work.signal }));
      Object.assign(timings, found.timings);
      degraded.push(...found.degraded);
      sources = found.hits;
      if (model.capabilities.extractive) asked = respelled(question, found.corrections);
      const modelSources = sources.map((hit, index): ModelSource => ({ marker: index + 1, hit }));
      builder = createAnswerBuilder({ sources: modelSources, terms });
      recorder.sources(modelSources, found.hitIds);
      let promptTokens = 0;
      if (!model.capabilities.extractive && modelSources.length > 0) {
        const { prompt, maxSentences } = spec.answer;
        const request = renderRequest(prompt, { question, sources: modelSources, history, maxSentences });
        recorder.request(request?.sha256 ?? null);
        if (request) promptTokens = Math.ceil((request.system.length + request.prompt.length) / charactersPerToken);
      }
      yield { type: "sources", hits: sources };
      let reason: Extract<ModelEvent, { type: "finish" }>["reason"] = "unsupported";
      if (modelSources.length > 0) {
        const generateBegan = clock.now();
        const gate = createSentenceGate(options.language === undefined ? {} : { language: options.language });
        let sentences = 0;
        const released = function* (events: readonly AnswerEvent[]): Generator<AnswerEvent, void, void> {
          if (events.length === 0) return;
          if (sentences === 0) timings["first-sentence"] = clock.now() - began;
          sentences += 1;
          yield* events;
        };
        let outcome: "ok" | "error" | "cancelled" = "error";
        try {
          for await (const event of generate(modelSources, promptTokens)) {
            switch (event.type) {
              case "text-delta":
                for (const sentence of gate.push(event.text)) yield* released(builder.addSentence(sentence));
                break;
              case "quote":
                if (sentences < spec.answer.maxSentences) yield* released(builder.addQuote(event));
                break;
              case "finish":
                reason = event.reason;
                for (const part of event.missingParts ?? []) {
                  degraded.push({
                    step: "generate",
                    reason: `nothing in the documents supports part ${part} of the question`,
                    fallback: "the other parts were answered",
                  });
                }
                break;
            }
          }
          // A sentence cut off by a length limit is shown as far as it goes, and checked like any other.
          for (const sentence of gate.end()) yield* released(builder.addSentence(sentence));
          outcome = "ok";
        } finally {
          if (work.signal.aborted) outcome = "cancelled";
          timings["generate"] = clock.now() - generateBegan;
          telemetry.stage("generate", timings["generate"], outcome);
        }
      }
      finishReason = reason;
      if (builder.citations.length > 0) {
        if (finishReason === "unsupported") finishReason = "stop";
      } else if (finishReason === "stop" || finishReason === "unsupported") {
        finishReason = "unsupported";
        if (builder.text === "") for (const event of builder.addNotice(abstention)) yield event;
      }
    } catch (error) {
      if (error instanceof CapReached) finishReason = "cap";
      else if (work.signal.aborted) finishReason = "aborted";
      else {
        finishReason = "error";
        failure = toFootnoteError(error);
      }
    }
    if (builder.dropped.markers > 0) telemetry.count("footnote_markers_dropped_total", { model: model.name }, builder.dropped.markers);
    if (builder.dropped.quotes > 0) telemetry.count("footnote_quotes_dropped_total", { model: model.name }, builder.dropped.quotes);
    try {
      await store();
    } catch (error) {
      finishReason = "error";
      failure ??= toFootnoteError(error);
    }
    if (failure) {
      telemetry.logger.error({ answer: ids.answer, model: model.name }, "an answer failed", failure);
      yield { type: "error", error: failure };
    }
    telemetry.count("footnote_answers_total", { finish_reason: finishReason });
    telemetry.stage("answer", clock.now() - began, finishReason === "error" ? "error" : finishReason === "aborted" ? "cancelled" : "ok");
    yield { type: "answer-end", finishReason, usage: usage(), cost: cost(), timings, degraded };
  } finally {
    options.signal?.removeEventListener("abort", onAbort);
    if (!saved) {
      // The consumer left: what was said is stored all the same.
      work.abort(new FootnoteError("cancelled", "The asker left."));
      finishReason = "aborted";
      telemetry.count("footnote_answers_total", { finish_reason: finishReason });
      telemetry.stage("answer", clock.now() - began, "cancelled");
      try {
        await store();
      } catch (error) {
        telemetry.logger.error({ answer: ids.answer }, "an answer that was left early could not be stored", error);
      }
    }
  }
}

/** Sources of every part of the question, the best of each first, then the chunks packed around them. */
async function findSources(
  options: AnswerQuestionOptions,
  work: { recorder: TraceRecorder; meter: UsageMeter; signal: AbortSignal },
): Promise<SearchResult & { hitIds: ReadonlySet<string>; corrections: readonly Correction[] }> {
  const { recorder, meter, signal } = work;
  const { question, history, spec, search, pack } = options;
  const parts = splitQuestion(question);
  const timings: Timings = {};
  const degraded = new Map<string, Degradation>();
  const completeBegan = options.clock.now();
  const queries = await Promise.all(
    parts.map(async (part, index) => {
      const before = [...history, ...parts.slice(0, index).map((earlier) => ({ question: earlier }))];
      if (!options.completeQuestion) return contextualizeQuestion(part, before);
      const call = new AbortController();
      try {
        const completed = options.completeQuestion(part, before, { meter, signal: AbortSignal.any([signal, call.signal]) });
        const outcome = await within({ clock: options.clock, ms: completeTimeoutMs, signal }, completed);
        if (outcome.type === "value") return outcome.value;
        throw new FootnoteError("timeout", `The question was not completed within ${completeTimeoutMs / 1000} s.`);
      } catch (error) {
        call.abort(error);
        if (signal.aborted) throw error;
        const { code } = toFootnoteError(error);
        degraded.set("complete", { step: "transform", reason: code, fallback: "words carried over from the questions before" });
        return contextualizeQuestion(part, before);
      }
    }),
  );
  if (options.completeQuestion) timings["complete-question"] = options.clock.now() - completeBegan;
  const results = await Promise.all(queries.map((query) => search(query, { meter, signal })));
  for (const [at, query] of queries.entries()) recorder.search(query, results[at]?.trace);
  const corrections = results.flatMap(({ trace }) => trace?.corrections ?? []);
  const hits = new Map<string, Hit>();
  for (const result of results) {
    for (const [name, ms] of Object.entries(result.timings)) timings[name] = Math.max(timings[name] ?? 0, ms);
    for (const degradation of result.degraded) degraded.set(JSON.stringify(degradation), degradation);
  }
  // Each part keeps a share of the sources, never fewer than three; what they have in common makes room for more.
  const share = results.length === 1 ? spec.topK : Math.max(3, Math.ceil(spec.topK / results.length));
  for (let rank = 0; rank < spec.topK && (rank < share || hits.size < spec.topK); rank++) {
    for (const result of results) {
      const hit = result.hits[rank];
      if (hit && !hits.has(hit.chunk.id)) hits.set(hit.chunk.id, hit);
    }
  }
  const hitIds = new Set<string>(hits.keys());
  if (pack && hits.size > 0) {
    try {
      const packed = await pack({ hits: [...hits.values()], spec, signal });
      const around = packed.flatMap(({ hit, before, after }) => [...after, ...before].map((chunk) => ({ hit, chunk })));
      const best = new Map(packed.map(({ hit }) => [hit.chunk.id as string, hit]));
      for (const { hit, chunk } of around) {
        if (!best.has(chunk.id)) best.set(chunk.id, { chunk, score: hit.score, ranks: {}, scores: {} });
      }
      return { hits: [...best.values()], timings, degraded: [...degraded.values()], hitIds, corrections };
    } catch (error) {
      if (signal.aborted) throw error;
      const { code } = toFootnoteError(error);
      degraded.set("pack", { step: "pack", reason: code, fallback: "sources without their neighbours" });
    }
  }
  return { hits: [...hits.values()], timings, degraded: [...degraded.values()], hitIds, corrections };
}
