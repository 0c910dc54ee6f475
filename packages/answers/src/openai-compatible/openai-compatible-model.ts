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
  toFootnoteError,
  usageOfFailure,
} from "@footnote/core";
import { extractReasoningMiddleware, wrapLanguageModel } from "ai";
import { findAnswerPrompt } from "../prompts/answer-prompts.ts";
import { citedAnswer1 } from "../prompts/cited-answer-1.ts";
import { within } from "../within.ts";
import { createAbstentionFilter } from "./abstention-filter.ts";
import { ReplyTooLong, upstreamFailure } from "./upstream-failure.ts";

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
  /** Bytes of a reply, whatever is in it, after which it is read no further. Default 8 MiB. */
  maxReplyBytes?: number;
}

/** Characters a token has at least in text that is not code: a guess for servers that do not say what they used. */
const charactersPerToken = 3;
/** And at most, over a whole reply: a server that sends more does not keep to the tokens that it was asked for. */
const mostCharactersPerToken = 16;

/**
 * Any server that speaks the OpenAI API (Ollama, vLLM, LM Studio, gateways), over the AI SDK with its own retries off. Redirects are not
 * followed: the prompt holds documents and goes to the configured host only.
 */
export function createOpenAiCompatibleModel(options: OpenAiCompatibleModelOptions): LanguageModel {
  const { url, model: name, apiKey, prices, clock, completionTries = 3, maxAnswerTokens = 2_048, maxReplyBytes = 8 * 2 ** 20 } = options;
  const { firstTokenMs = 30_000, betweenTokensMs = 30_000, completionMs = 60_000 } = options.timeouts ?? {};
  const provider = createOpenAICompatible({
    name: "model",
    baseURL: url,
    ...(apiKey === undefined ? {} : { apiKey }),
    includeUsage: true,
    supportsStructuredOutputs: true,
    fetch: async (input, init) => withMostBytes(await fetch(input, { ...init, redirect: "error" }), maxReplyBytes),
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
    const promptCharacters = prompt.system.length + rendered.length;
    const mostCharacters = maxAnswerTokens * mostCharactersPerToken;
    let characters = 0;
    let replied = false;
    let started = false;
    let ended = false;
    const guess = () => guessedUsage({ promptCharacters, completionCharacters: characters });
    let reader: ReadableStreamDefaultReader<StreamPart> | null = null;

    /** Waits for the next sign of life; who leaves or waits in vain ends the call. */
    async function next<T>(promise: PromiseLike<T>): Promise<T> {
      const ms = started ? betweenTokensMs : began + firstTokenMs - clock.now();
      const outcome = await within({ clock, ms, ...(signal ? { signal } : {}) }, Promise.resolve(promise));
      if (outcome.type === "value") return outcome.value;
      if (outcome.type === "aborted") throw new FootnoteError("cancelled", "The answer was cancelled.");
      const patience = started ? betweenTokensMs : firstTokenMs;
      throw new FootnoteError("timeout", `Model ${name} sent nothing for ${patience / 1000} s; try again.`, {
        retryable: !started,
        details: { usage: guess() },
      });
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
      replied = true;
      reader = stream.getReader();
      const filter = createAbstentionFilter();
      let finish: Extract<StreamPart, { type: "finish" }> | null = null;
      while (characters < mostCharacters) {
        const read = await next(reader.read());
        if (read.done) {
          ended = true;
          break;
        }
        const part = read.value;
        if (part.type === "error") throw part.error;
        if (part.type === "finish") finish = part;
        else if (part.type === "text-delta" || part.type === "reasoning-delta") {
          started = true;
          const delta = part.delta.slice(0, mostCharacters - characters);
          characters += delta.length;
          // NUL cannot be stored.
          if (part.type === "text-delta") yield { type: "text-delta", text: filter.push(delta.replaceAll("\0", "")) };
          else yield { type: "text-delta", text: "", thoughtCharacters: delta.length };
        }
      }
      if (ended && finish?.finishReason.raw === undefined) {
        throw new FootnoteError("model_failed", `The reply of model ${name} broke off; ask again.`, {
          retryable: !started,
          details: { usage: guess() },
        });
      }
      const rest = filter.end();
      if (rest !== "") yield { type: "text-delta", text: rest };
      yield {
        type: "finish",
        reason: filter.abstained ? "unsupported" : reasonOf(ended ? finish?.finishReason.unified : "length"),
        ...usageOf(finish?.usage, guess()),
      };
    } catch (error) {
      throw upstreamFailure(error, { model: name, started, replied, usage: guess() });
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
    const usage = guessedUsage({ promptCharacters: system.length + prompt.length, completionCharacters: maxTokens * charactersPerToken });
    const settle = await request.meter?.(usage);
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
        throw new FootnoteError("timeout", `Model ${name} did not reply within ${completionMs / 1000} s; try again.`, {
          details: { usage },
        });
      const { content, finishReason } = outcome.value;
      const said = content.map((part) => (part.type === "text" ? part.text : "")).join("");
      const text = said.slice(0, maxTokens * mostCharactersPerToken);
      const reason = text.length < said.length ? "length" : reasonOf(finishReason.unified);
      const completionCharacters = content.reduce((sum, part) => sum + ("text" in part ? part.text.length : 0), 0);
      const used = usageOf(outcome.value.usage, guessedUsage({ promptCharacters: system.length + prompt.length, completionCharacters }));
      settle?.(used);
      return { text, finishReason: reason, usage: used, ...(schema && reason === "stop" ? parsed(text) : {}) };
    } catch (error) {
      const failure = upstreamFailure(error, { model: name, started: false, replied: false, usage });
      if (failure.code !== "cancelled") settle?.(usageOfFailure(failure));
      throw failure;
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
      let withSchema = request.schema !== undefined && takesSchemas;
      let refused = false;
      for (let tries = 1; ; tries++) {
        throwIfAborted(request.signal);
        try {
          const result = await completeOnce(request, withSchema);
          if (refused) takesSchemas = false;
          return result;
        } catch (error) {
          const failure = toFootnoteError(error);
          const { status, retryAfterMs } = failure.details;
          if (withSchema && (status === 400 || status === 422)) {
            withSchema = false;
            refused = true;
            continue;
          }
          if (!failure.retryable || tries >= completionTries) throw failure;
          // Full jitter (Brooker 2015) over 250 ms doubled per try, but no earlier than the server asks for.
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

/** The reply with a body that ends with `ReplyTooLong` after so many bytes, and then stops the download. */
function withMostBytes(response: Response, most: number): Response {
  if (response.body === null) return response;
  let bytes = 0;
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (bytes > most) controller.error(new ReplyTooLong(most));
        else controller.enqueue(chunk);
      },
    }),
  );
  const { status, statusText, headers } = response;
  return new Response(counted, { status, statusText, headers });
}

function reasonOf(unified: string | undefined): "stop" | "length" | "refusal" {
  return unified === "length" ? "length" : unified === "content-filter" ? "refusal" : "stop";
}

function guessedUsage(said: { promptCharacters: number; completionCharacters: number }): TokenUsage {
  return {
    promptTokens: Math.ceil(said.promptCharacters / charactersPerToken),
    completionTokens: Math.ceil(said.completionCharacters / charactersPerToken),
    cachedTokens: 0,
  };
}

/** What the server says, and the guess where it says nothing. */
function usageOf(usage: UpstreamUsage | undefined, guess: TokenUsage): TokenUsage {
  return {
    promptTokens: usage?.inputTokens.total ?? guess.promptTokens,
    completionTokens: usage?.outputTokens.total ?? guess.completionTokens,
    cachedTokens: usage?.inputTokens.cacheRead ?? 0,
  };
}

function parsed(text: string): { object?: unknown } {
  try {
    return { object: JSON.parse(text) };
  } catch {
    return {};
  }
}
