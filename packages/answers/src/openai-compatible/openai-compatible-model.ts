import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import {
  type Clock,
  type CompletionRequest,
  type CompletionResult,
  FootnoteError,
  type GenerateRequest,
  type LanguageModel,
  type ModelEvent,
  throwIfAborted,
  type TokenPrices,
  type TokenUsage,
} from "@footnote/core";
import { extractReasoningMiddleware, wrapLanguageModel } from "ai";
import { findAnswerPrompt } from "../prompts/answer-prompts.ts";
import { citedAnswer1 } from "../prompts/cited-answer-1.ts";
import { within } from "../within.ts";
import { createAbstentionFilter } from "./abstention-filter.ts";
import { upstreamFailure } from "./upstream-failure.ts";

export interface OpenAiCompatibleModelOptions {
  /** Base address of the API, up to and with `/v1`. */
  url: string;
  /** As the server knows it; pipelines name the model by it. */
  model: string;
  apiKey?: string;
  prices?: TokenPrices;
  clock: Clock;
  /**
   * Milliseconds. `generate`: without a first token, and between two of them, 30,000 each. `complete`: the whole reply, 60,000 for
   * each try.
   */
  timeouts?: { firstTokenMs?: number; betweenTokensMs?: number; completionMs?: number };
  /** Tries of a completion that fails before its reply, the first one counted. Default 3. Answers are tried again by who asks for them, within their caps. */
  completionTries?: number;
  /** Longest generated answer in tokens, thoughts of a reasoning model counted. Default 2,048. */
  maxAnswerTokens?: number;
}

/** Characters a token has at least in text that is not code: a guess for servers that do not say what they used. */
const charactersPerToken = 3;

/**
 * Any server that speaks the OpenAI API (Ollama, vLLM, LM Studio, gateways), over the AI SDK with its own retries off. Redirects are not
 * followed: the prompt holds documents and goes to the configured host only.
 */
export function createOpenAiCompatibleModel(options: OpenAiCompatibleModelOptions): LanguageModel {
  const { url, model: name, apiKey, prices, clock, completionTries = 3, maxAnswerTokens = 2_048 } = options;
  const { firstTokenMs = 30_000, betweenTokensMs = 30_000, completionMs = 60_000 } = options.timeouts ?? {};
  const provider = createOpenAICompatible({
    name: "model",
    baseURL: url,
    ...(apiKey === undefined ? {} : { apiKey }),
    includeUsage: true,
    supportsStructuredOutputs: true,
    fetch: (input, init) => fetch(input, { ...init, redirect: "error" }),
  });
  // Local reasoning models think aloud between <think> tags.
  const upstream = wrapLanguageModel({ model: provider.chatModel(name), middleware: extractReasoningMiddleware({ tagName: "think" }) });

  function messages(system: string, prompt: string) {
    return [
      { role: "system" as const, content: system },
      { role: "user" as const, content: [{ type: "text" as const, text: prompt }] },
    ];
  }

  async function* generate(request: GenerateRequest): AsyncGenerator<ModelEvent, void, void> {
    const { signal } = request;
    throwIfAborted(signal);
    const prompt = findAnswerPrompt(request.prompt ?? citedAnswer1.name);
    const rendered = prompt.render(request);
    const call = new AbortController();
    const began = clock.now();
    let started = false;
    let ended = false;
    let reader: ReadableStreamDefaultReader<StreamPart> | null = null;

    /** Waits for the next sign of life; who leaves or waits in vain ends the call. */
    async function next<T>(promise: PromiseLike<T>): Promise<T> {
      const ms = started ? betweenTokensMs : began + firstTokenMs - clock.now();
      const outcome = await within({ clock, ms, ...(signal ? { signal } : {}) }, Promise.resolve(promise));
      if (outcome.type === "value") return outcome.value;
      if (outcome.type === "aborted") throw new FootnoteError("cancelled", "The answer was cancelled.");
      const patience = started ? betweenTokensMs : firstTokenMs;
      throw new FootnoteError("timeout", `Model ${name} sent nothing for ${patience / 1000} s; try again.`, { retryable: !started });
    }

    try {
      const { stream } = await next(
        upstream.doStream({
          prompt: messages(prompt.system, rendered),
          maxOutputTokens: maxAnswerTokens,
          temperature: 0,
          abortSignal: call.signal,
        }),
      );
      reader = stream.getReader();
      const filter = createAbstentionFilter();
      let characters = 0;
      let finish: Extract<StreamPart, { type: "finish" }> | null = null;
      for (;;) {
        const read = await next(reader.read());
        if (read.done) break;
        const part = read.value;
        if (part.type === "error") throw part.error;
        if (part.type === "finish") finish = part;
        else if (part.type === "text-delta" || part.type === "reasoning-delta") {
          started = true;
          characters += part.delta.length;
          // A thought is no text, but whoever waits sees that the model is alive.
          // NUL cannot be stored.
          yield { type: "text-delta", text: part.type === "text-delta" ? filter.push(part.delta.replaceAll("\0", "")) : "" };
        }
      }
      ended = true;
      if (finish === null || finish.finishReason.raw === undefined) {
        throw new FootnoteError("model_failed", `The reply of model ${name} broke off; ask again.`, { retryable: !started });
      }
      const rest = filter.end();
      if (rest !== "") yield { type: "text-delta", text: rest };
      yield {
        type: "finish",
        reason: filter.abstained ? "unsupported" : reasonOf(finish.finishReason.unified),
        ...usageOf(finish.usage, { promptCharacters: prompt.system.length + rendered.length, completionCharacters: characters }),
      };
    } catch (error) {
      throw upstreamFailure(error, { model: name, started });
    } finally {
      if (!ended) {
        call.abort();
        reader?.cancel().catch(() => {});
      }
    }
  }

  /** False once the server has refused a JSON schema and taken the same request without: callers check replies themselves. */
  let takesSchemas = true;

  async function completeOnce(request: CompletionRequest, withSchema: boolean): Promise<CompletionResult> {
    const { system, prompt, schema, maxTokens, signal } = request;
    const call = new AbortController();
    try {
      const outcome = await within(
        { clock, ms: completionMs, ...(signal ? { signal } : {}) },
        Promise.resolve(
          upstream.doGenerate({
            prompt: messages(system, prompt),
            maxOutputTokens: maxTokens,
            temperature: 0,
            abortSignal: call.signal,
            ...(schema && withSchema ? { responseFormat: { type: "json", name: schema.name, schema: schema.jsonSchema } } : {}),
          }),
        ),
      );
      if (outcome.type === "aborted") throw new FootnoteError("cancelled", "The completion was cancelled.");
      if (outcome.type === "timeout")
        throw new FootnoteError("timeout", `Model ${name} did not reply within ${completionMs / 1000} s; try again.`);
      const { content, finishReason, usage } = outcome.value;
      const text = content.map((part) => (part.type === "text" ? part.text : "")).join("");
      const reason = reasonOf(finishReason.unified);
      const completionCharacters = content.reduce((sum, part) => sum + ("text" in part ? part.text.length : 0), 0);
      return {
        text,
        finishReason: reason,
        usage: usageOf(usage, { promptCharacters: system.length + prompt.length, completionCharacters }),
        ...(schema && reason === "stop" ? parsed(text) : {}),
      };
    } catch (error) {
      throw upstreamFailure(error, { model: name, started: false });
    } finally {
      call.abort();
    }
  }

  return {
    name,
    capabilities: { extractive: false, completion: true },
    ...(prices ? { prices } : {}),
    generate,
    async complete(request) {
      for (let tries = 1; ; tries++) {
        throwIfAborted(request.signal);
        try {
          return await completeOnce(request, takesSchemas);
        } catch (error) {
          const failure = upstreamFailure(error, { model: name, started: false });
          const { status } = failure.details;
          if (request.schema && takesSchemas && (status === 400 || status === 422)) {
            const plain = await completeOnce(request, false);
            takesSchemas = false;
            return plain;
          }
          if (!failure.retryable || tries >= completionTries) throw failure;
          // Full jitter (Brooker 2015) over 250 ms doubled per try, but no earlier than the server asks for.
          const { retryAfterMs } = failure.details;
          const asked = typeof retryAfterMs === "number" ? retryAfterMs : 0;
          await clock.sleep(asked + Math.random() * 250 * 2 ** tries, request.signal);
        }
      }
    },
  };
}

type Upstream = ReturnType<typeof wrapLanguageModel>;
type StreamPart = Awaited<ReturnType<Upstream["doStream"]>>["stream"] extends ReadableStream<infer Part> ? Part : never;
type UpstreamUsage = Awaited<ReturnType<Upstream["doGenerate"]>>["usage"];

function reasonOf(unified: string): "stop" | "length" | "refusal" {
  return unified === "length" ? "length" : unified === "content-filter" ? "refusal" : "stop";
}

function usageOf(usage: UpstreamUsage, said: { promptCharacters: number; completionCharacters: number }): TokenUsage {
  return {
    promptTokens: usage.inputTokens.total ?? Math.ceil(said.promptCharacters / charactersPerToken),
    completionTokens: usage.outputTokens.total ?? Math.ceil(said.completionCharacters / charactersPerToken),
    cachedTokens: usage.inputTokens.cacheRead ?? 0,
  };
}

function parsed(text: string): { object?: unknown } {
  try {
    return { object: JSON.parse(text) };
  } catch {
    return {};
  }
}
