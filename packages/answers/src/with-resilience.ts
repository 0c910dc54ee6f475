import {
  type Clock,
  type CompletionRequest,
  type CompletionResult,
  FootnoteError,
  fullJitterMs,
  type GenerateRequest,
  type LanguageModel,
  type ModelEvent,
  type SettleCall,
  type Telemetry,
  throwIfAborted,
  type TokenUsage,
  toFootnoteError,
  usageOfFailure,
  withDeadline,
  withRetries,
} from "@footnote/core";
import { citedAnswer1 } from "./prompts/cited-answer-1.ts";
import { renderRequest } from "./prompts/render-request.ts";

export interface ResilienceOptions {
  clock: Clock;
  /**
   * Milliseconds. `generate`: without a first event, and between two of them, 30,000 each. `complete`: the whole reply, 60,000 for each try.
   */
  timeouts?: { firstTokenMs?: number; betweenTokensMs?: number; completionMs?: number };
  /** Tries of a completion, the first one counted. Default 3. Those of an answer stand in its request. */
  completionTries?: number;
  /** Counts the repeated calls of answers. */
  telemetry?: Pick<Telemetry, "count"> | undefined;
}

/** Characters per token where a model has not yet said what it used: a low guess, so that a cap fires early rather than late. */
const charactersPerToken = 3;
const jitter = { baseMs: 500 };

/**
 * The model with all that calls over a network need, whichever model it is: it is given up when it is silent, asked again while nothing of its
 * reply was seen, and every call is counted by the request's meter, with what it used or is guessed to have used. A model that refuses JSON schemas is
 * asked without. The model itself makes one call and gets no meter.
 */
export function withResilience(model: LanguageModel, options: ResilienceOptions): LanguageModel {
  const { name, capabilities, prices } = model;
  const complete = model.complete?.bind(model);
  return {
    name,
    capabilities,
    ...(prices ? { prices } : {}),
    generate: (request) => generate(model, request, options),
    ...(complete ? { complete: createCompletion(name, complete, options) } : {}),
  };
}

/** A call whose first event is there. */
interface OpenCall {
  iterator: AsyncIterator<ModelEvent>;
  first: ModelEvent;
  settle: SettleCall | undefined;
  stop(): void;
}

async function* generate(
  model: LanguageModel,
  request: GenerateRequest,
  options: ResilienceOptions,
): AsyncGenerator<ModelEvent, void, void> {
  const { clock, telemetry, timeouts: { betweenTokensMs = 30_000 } = {} } = options;
  const { tries = 1, signal } = request;
  const guess = guessOfAnswer(model, request);
  const delayMs = (error: unknown, failed: number) => {
    if (!toFootnoteError(error).retryable) return null;
    telemetry?.count("footnote_model_retries_total", { model: model.name });
    return fullJitterMs(failed, jitter);
  };
  const { iterator, first, settle, stop } = await withRetries({ tries, delayMs, clock, signal }, () =>
    open(model, request, { guess, options }),
  );
  let characters = 0;
  let ended = false;
  try {
    for (let event = first; ;) {
      if (event.type === "finish") {
        const { promptTokens, completionTokens, cachedTokens } = event;
        settle?.({ promptTokens, completionTokens, cachedTokens });
      } else if (event.type === "text-delta") {
        // What is counted of a call that is stopped, or breaks off, is the last guess: it is paid for, and does not say for what.
        characters += event.text.length + (event.thoughtCharacters ?? 0);
        settle?.({ ...guess, completionTokens: Math.ceil(characters / charactersPerToken) });
      }
      yield event;
      if (event.type === "finish") return;
      const onTimeout = () => silent(model, betweenTokensMs, { retryable: false, details: { usage: guess } });
      const next = await withDeadline({ timeoutMs: betweenTokensMs, clock, onTimeout, signal }, () => iterator.next());
      if (next.done) {
        ended = true;
        return;
      }
      event = next.value;
    }
  } finally {
    if (!ended) stop();
  }
}

/** Makes one call and waits for its first event. What a call that fails before has used is counted. */
async function open(
  model: LanguageModel,
  { meter, tries: _tries, ...request }: GenerateRequest,
  { guess, options }: { guess: TokenUsage; options: ResilienceOptions },
): Promise<OpenCall> {
  const { clock, timeouts: { firstTokenMs = 30_000 } = {} } = options;
  const { signal } = request;
  const settle = await meter?.(guess);
  const call = new AbortController();
  const events = model.generate({ ...request, signal: signal ? AbortSignal.any([signal, call.signal]) : call.signal });
  const iterator = events[Symbol.asyncIterator]();
  const stop = () => {
    call.abort(new FootnoteError("cancelled", "The model's output is no longer wanted."));
    // Not awaited: the return of a stalled generator settles only when its pending step does.
    iterator.return?.()?.catch(() => {});
  };
  try {
    const onTimeout = () => silent(model, firstTokenMs, { retryable: true, details: { usage: guess } });
    const first = await withDeadline({ timeoutMs: firstTokenMs, clock, onTimeout, signal }, () => iterator.next());
    if (first.done) throw new FootnoteError("model_failed", `Model ${model.name} ended without an event; try again.`);
    return { iterator, first: first.value, settle, stop };
  } catch (error) {
    stop();
    throwIfAborted(signal);
    const failure = toFootnoteError(error);
    settle?.(usageOfFailure(failure));
    throw failure;
  }
}

function silent(
  { name }: LanguageModel,
  patienceMs: number,
  options: { retryable: boolean; details: { usage: TokenUsage } },
): FootnoteError {
  return new FootnoteError("timeout", `Model ${name} sent nothing for ${patienceMs / 1000} s; try again.`, options);
}

/** What the prompt of an answer will cost, whatever is said to it; a model that only quotes is sent none. */
function guessOfAnswer({ capabilities }: LanguageModel, request: GenerateRequest): TokenUsage {
  const rendered = capabilities.extractive ? null : renderRequest(request.prompt ?? citedAnswer1.name, request);
  const characters = rendered ? rendered.system.length + rendered.prompt.length : 0;
  return { promptTokens: Math.ceil(characters / charactersPerToken), completionTokens: 0, cachedTokens: 0 };
}

type Complete = NonNullable<LanguageModel["complete"]>;

function createCompletion(name: string, complete: Complete, options: ResilienceOptions): Complete {
  const { clock, completionTries = 3, timeouts: { completionMs = 60_000 } = {} } = options;
  /** False once the model has refused a JSON schema and taken the same request without: callers check replies themselves. */
  let takesSchemas = true;

  async function completeOnce({ meter, ...request }: CompletionRequest): Promise<CompletionResult> {
    const { system, prompt, maxTokens, signal } = request;
    const promptTokens = Math.ceil((system.length + prompt.length) / charactersPerToken);
    const guess = { promptTokens, completionTokens: maxTokens, cachedTokens: 0 };
    const settle = await meter?.(guess);
    try {
      const onTimeout = () =>
        new FootnoteError("timeout", `Model ${name} did not reply within ${completionMs / 1000} s; try again.`, {
          details: { usage: guess },
        });
      const result = await withDeadline({ timeoutMs: completionMs, clock, onTimeout, signal }, (signal) =>
        complete({ ...request, signal }),
      );
      settle?.(result.usage);
      return result;
    } catch (error) {
      throwIfAborted(signal);
      const failure = toFootnoteError(error);
      settle?.(usageOfFailure(failure));
      throw failure;
    }
  }

  return async ({ schema, ...request }) => {
    let refused = false;
    const isSent = () => schema !== undefined && takesSchemas && !refused;
    const delayMs = (error: unknown, failed: number) => {
      const { retryable, details } = toFootnoteError(error);
      if (isSent() && (details["status"] === 400 || details["status"] === 422)) {
        refused = true;
        return 0;
      }
      if (!retryable) return null;
      // No earlier than the server asks for.
      return (typeof details["retryAfterMs"] === "number" ? details["retryAfterMs"] : 0) + fullJitterMs(failed, jitter);
    };
    return await withRetries({ tries: completionTries, delayMs, clock, signal: request.signal }, async () => {
      const sent = isSent();
      const result = await completeOnce(sent && schema ? { ...request, schema } : request);
      if (refused) takesSchemas = false;
      return schema && !sent && result.finishReason === "stop" ? { ...result, ...readJson(result.text) } : result;
    });
  };
}

function readJson(text: string): { object?: unknown } {
  try {
    return { object: JSON.parse(text) };
  } catch {
    return {};
  }
}
