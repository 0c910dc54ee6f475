import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import {
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
import { createAbstentionFilter } from "./abstention-filter.ts";
import { ReplyTooLong, upstreamFailure } from "./upstream-failure.ts";

export interface OpenAiCompatibleModelOptions {
  /** Base address of the API, up to and with `/v1`. */
  url: string;
  /** As the server knows it; pipelines name the model by it. */
  model: string;
  apiKey?: string;
  prices?: TokenPrices;
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
 * Any server that speaks the OpenAI API (Ollama, vLLM, LM Studio, gateways), over the AI SDK with its own retries off: one request is one call, without a time limit (`withResilience`). Redirects are not
 * followed: the prompt holds documents and goes to the configured host only.
 */
export function createOpenAiCompatibleModel(options: OpenAiCompatibleModelOptions): LanguageModel {
  const { url, model: name, apiKey, prices, maxAnswerTokens = 2_048, maxReplyBytes = 8 * 2 ** 20 } = options;
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
    const promptCharacters = prompt.system.length + rendered.length;
    const mostCharacters = maxAnswerTokens * mostCharactersPerToken;
    let characters = 0;
    let replied = false;
    let started = false;
    let ended = false;
    const guess = () => guessedUsage({ promptCharacters, completionCharacters: characters });
    let reader: ReadableStreamDefaultReader<StreamPart> | null = null;

    try {
      const { stream } = await upstream.doStream({
        prompt: messages(prompt.system, rendered),
        maxOutputTokens: maxAnswerTokens,
        temperature: 0,
        abortSignal: AbortSignal.any([signal, call.signal].filter((one) => one !== undefined)),
      });
      replied = true;
      reader = stream.getReader();
      const filter = createAbstentionFilter();
      let finish: Extract<StreamPart, { type: "finish" }> | null = null;
      while (characters < mostCharacters) {
        const read = await reader.read();
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
      throwIfAborted(signal);
      throw upstreamFailure(error, { model: name, started, replied, usage: guess() });
    } finally {
      if (!ended) {
        call.abort();
        reader?.cancel().catch(() => {});
      }
    }
  }

  async function complete(request: CompletionRequest): Promise<CompletionResult> {
    const { system, prompt, schema, maxTokens, signal } = request;
    throwIfAborted(signal);
    const promptCharacters = system.length + prompt.length;
    try {
      const { content, finishReason, usage } = await upstream.doGenerate({
        prompt: messages(system, prompt),
        maxOutputTokens: maxTokens,
        temperature: 0,
        ...(signal ? { abortSignal: signal } : {}),
        ...(schema ? { responseFormat: { type: "json", name: schema.name, schema: schema.jsonSchema } } : {}),
      });
      const said = content.map((part) => (part.type === "text" ? part.text : "")).join("");
      const text = said.slice(0, maxTokens * mostCharactersPerToken);
      const reason = text.length < said.length ? "length" : reasonOf(finishReason.unified);
      const completionCharacters = content.reduce((sum, part) => sum + ("text" in part ? part.text.length : 0), 0);
      const used = usageOf(usage, guessedUsage({ promptCharacters, completionCharacters }));
      return { text, finishReason: reason, usage: used, ...(schema && reason === "stop" ? parsed(text) : {}) };
    } catch (error) {
      throwIfAborted(signal);
      const usage = guessedUsage({ promptCharacters, completionCharacters: maxTokens * charactersPerToken });
      throw upstreamFailure(error, { model: name, started: false, replied: false, usage });
    }
  }

  return { name, capabilities: { extractive: false, completion: true }, ...(prices ? { prices } : {}), generate, complete };
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
