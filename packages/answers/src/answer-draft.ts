import {
  type Answer,
  type AnswerId,
  type AnswerTrace,
  type Clock,
  type ConversationId,
  createUsageMeter,
  type Degradation,
  type FinishReason,
  FootnoteError,
  type Hit,
  type LanguageModel,
  type PipelineSpec,
  pipelineHash,
  type Telemetry,
  type Timings,
  totalCost,
  totalUsage,
  type UsageMeter,
  withDeadline,
} from "@footnote/core";
import { type AnswerBuilder, createAnswerBuilder } from "./answer-builder.ts";
import { CapReached, withCaps } from "./caps.ts";
import type { AnswerSources } from "./find-sources.ts";
import { plainTerms, type TermsOf } from "./terms.ts";
import { createTraceRecorder, type TraceRecorder } from "./trace-recorder.ts";

export interface AnswerQuestionOptions {
  question: string;
  /** Earlier turns of the conversation, oldest first. */
  history: readonly { question: string; answer: string }[];
  spec: PipelineSpec;
  /** As `withResilience` makes it: it counts its calls, repeats them and is given up when it is silent. */
  model: LanguageModel;
  sources: AnswerSources;
  /** Stores the answer; awaited before `answer-end`. Also called when the asker leaves early (`aborted`). */
  save(answer: Answer, trace: AnswerTrace): Promise<void>;
  ids: { answer: AnswerId; conversation: ConversationId };
  /**
   * Of the answer. `terms`: words as the collection's analyzer sees them, for claim checking; default: folded words without stemming rules.
   * `code`: BCP 47 primary subtag, for sentence ends; default `en`.
   */
  language?: { terms?: TermsOf; code?: string };
  clock: Clock;
  telemetry: Telemetry;
  /** Where all that the answer uses is counted; it is complete when `save` is called. Default: one of its own. */
  meter?: UsageMeter;
  signal?: AbortSignal;
}

const saveTimeoutMs = 10_000;

/** An answer while it is made. */
export interface Draft {
  options: AnswerQuestionOptions;
  meter: UsageMeter;
  /** The same meter, which allows no call beyond the caps. */
  capped: UsageMeter;
  recorder: TraceRecorder;
  pipelineHash: string;
  began: number;
  /** Fires when the asker leaves. */
  signal: AbortSignal;
  timings: Timings;
  degraded: Degradation[];
  sources: Hit[];
  builder: AnswerBuilder;
  finishReason: FinishReason;
  failure: FootnoteError | null;
  saved: boolean;
}

export function beginDraft(options: AnswerQuestionOptions, signal: AbortSignal): Draft {
  const { spec, model, history, clock, language, meter = createUsageMeter() } = options;
  return {
    options,
    meter,
    capped: withCaps(meter, spec.answer.caps),
    recorder: createTraceRecorder({
      spec,
      model: { name: model.name, extractive: model.capabilities.extractive },
      historyTurns: history.length,
    }),
    pipelineHash: pipelineHash(spec),
    began: clock.now(),
    signal,
    timings: {},
    degraded: [],
    sources: [],
    builder: createAnswerBuilder({ sources: [], terms: language?.terms ?? plainTerms }),
    finishReason: "aborted",
    failure: null,
    saved: false,
  };
}

export const timeLeft = ({ options, began }: Draft) => began + options.spec.answer.caps.wallClockMs - options.clock.now();

/** Waits no longer than the wall clock of the answer allows. */
export async function inTime<T>(draft: Draft, work: () => Promise<T>): Promise<T> {
  const { options, signal } = draft;
  return await withDeadline({ timeoutMs: timeLeft(draft), clock: options.clock, onTimeout: () => new CapReached(), signal }, work);
}

/** Counts how the answer ended. */
export function report({ options: { telemetry, clock }, began, finishReason }: Draft): void {
  telemetry.count("footnote_answers_total", { finish_reason: finishReason });
  telemetry.stage("answer", clock.now() - began, finishReason === "error" ? "error" : finishReason === "aborted" ? "cancelled" : "ok");
}

/** Stores the answer as it stands. */
export async function store(draft: Draft): Promise<void> {
  const { options, builder, meter, recorder, began, timings, degraded, finishReason } = draft;
  const { ids, question, spec, model, clock, sources } = options;
  draft.saved = true;
  timings["answer"] = clock.now() - began;
  const used = meter.used();
  const answer: Answer = {
    id: ids.answer,
    conversationId: ids.conversation,
    question,
    text: builder.text,
    citations: [...builder.citations],
    claims: [...builder.claims],
    sources: draft.sources,
    finishReason,
    usage: totalUsage(used, model.name),
    cost: totalCost(used),
    timings,
    degraded,
    pipeline: spec.name,
    pipelineHash: draft.pipelineHash,
    createdAt: new Date(began),
  };
  const trace = recorder.finish(builder.dropped, sources.chunksRead?.() ?? []);
  const onTimeout = () =>
    new FootnoteError("storage_failed", `The answer could not be stored within ${saveTimeoutMs / 1000} s; ask again.`);
  await withDeadline({ timeoutMs: saveTimeoutMs, clock, onTimeout }, () => options.save(answer, trace));
}
