import type { Span } from "../document.ts";
import type { Hit } from "../search.ts";

/** A source handed to a model: `text` is what it may use, `citable` the part that may be quoted. */
export interface ModelSource {
  /** From 1; what a marker `[n]` refers to. */
  marker: number;
  hit: Hit;
}

export interface GenerateRequest {
  question: string;
  sources: readonly ModelSource[];
  /** Earlier turns of the conversation, oldest first. */
  history: readonly { question: string; answer: string }[];
  maxSentences: number;
  minSupport: number;
  signal?: AbortSignal;
}

export type ModelEvent =
  /** Text as it is made; markers `[n]` refer to sources. */
  | { type: "text-delta"; text: string }
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

export interface LanguageModel {
  readonly name: string;
  readonly capabilities: { extractive: boolean };
  generate(request: GenerateRequest): AsyncIterable<ModelEvent>;
}
