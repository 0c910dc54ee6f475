import type { Span } from "../span.ts";
import type { Hit } from "../search.ts";

/** A source handed to a model: `text` is what it may use, `citable` the part that may be quoted. */
export interface ModelSource {
  /** From 1; what a marker `[n]` refers to. */
  marker: number;
  hit: Hit;
}

export interface GenerateRequest {
  /** Name of a versioned prompt, as `PipelineSpec.answer.prompt` has it; models that need none ignore it. Default: the model's own. */
  prompt?: string;
  /** Name of versioned formulas, as `PipelineSpec.answer.formulas` has it; models that use none ignore it. Default: the model's newest. */
  formulas?: string;
  question: string;
  sources: readonly ModelSource[];
  /** Earlier turns of the conversation, oldest first. */
  history: readonly { question: string; answer: string }[];
  maxSentences: number;
  minSupport: number;
  /** Calls that may be made of the model before its first event, while the failures of earlier ones may pass. Default 1, and 1 where no composite repeats calls. */
  tries?: number;
  /** Default: nobody counts. */
  meter?: CallMeter;
  signal?: AbortSignal;
}

export type ModelEvent =
  /** Text as it is made; markers `[n]` refer to sources. */
  | {
      type: "text-delta";
      text: string;
      /** Characters of a thought, which is no text: who waits sees that the model is alive, and who pays counts them. Default 0. */
      thoughtCharacters?: number;
    }
  /** An extractive model says what it quotes: the sentence and where it stands in the source's canonical text. */
  | { type: "quote"; text: string; marker: number; sourceSpan: Span; support: number }
  | {
      type: "finish";
      reason: "stop" | "length" | "refusal" | "unsupported";
      promptTokens: number;
      completionTokens: number;
      cachedTokens: number;
      /** Tokens that a model embedded to choose its quotes. Default 0. */
      embeddedTokens?: number;
      /** Parts of a question of several, from 1, that nothing supports while others were answered. */
      missingParts?: number[];
    };

/** Tokens that one call used. `cachedTokens` are the part of `promptTokens` that the provider had in its cache. */
export interface TokenUsage {
  promptTokens: number;
  completionTokens: number;
  cachedTokens: number;
}

/**
 * Counts the calls that a completion makes, one by one, those that fail and are tried again too. Awaited before a call goes out, with a guess of
 * what it will use at most, because reserving money may need the database; rejects when no further call may be made. A call that nothing is told
 * of stays at its guess.
 */
export type CallMeter = (guess: TokenUsage) => Promise<SettleCall>;

/** Is told what a call used, as often as more is known; the last word counts. It waits for nothing, so that it can be told of every token. */
export type SettleCall = (used: TokenUsage) => void;

/** US dollars per million tokens. */
export interface TokenPrices {
  promptUsdPerMillion: number;
  completionUsdPerMillion: number;
  /** Default: as other prompt tokens. */
  cachedUsdPerMillion?: number;
}

/** One instruction, one reply: judges, HyDE, multi-query, rewriting. Temperature 0. */
export interface CompletionRequest {
  /** What to do; constant per use, so that a provider can cache it. */
  system: string;
  /** The data to do it with. Text of documents and users belongs here, marked as data, never into `system`. */
  prompt: string;
  /** Asks for JSON of this shape. `name` is letters, digits, `_` and `-`. */
  schema?: { name: string; jsonSchema: Record<string, unknown> };
  /** Upper bound of the reply in tokens. */
  maxTokens: number;
  /** Default: nobody counts. */
  meter?: CallMeter;
  signal?: AbortSignal;
}

export interface CompletionResult {
  /** The reply as it came. */
  text: string;
  /** The reply read as JSON where a schema was asked for and it is JSON; not checked against the schema: see `completeObject`. */
  object?: unknown;
  finishReason: "stop" | "length" | "refusal";
  usage: TokenUsage;
}

export interface LanguageModel {
  readonly name: string;
  readonly capabilities: {
    extractive: boolean;
    /** Whether `complete` is there. Default false. */
    completion?: boolean;
  };
  /** Default: it costs nothing. */
  readonly prices?: TokenPrices;
  /** `details.usage` of an error is what the failed call is guessed to have used (`usageOfFailure`); without it, nothing. */
  generate(request: GenerateRequest): AsyncIterable<ModelEvent>;
  /** There when `capabilities.completion` is true. Throws `model_failed`, `timeout`, `rate_limited` or `cancelled`. */
  complete?(request: CompletionRequest): Promise<CompletionResult>;
}
