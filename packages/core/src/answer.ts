import type { Box } from "./document.ts";
import type { Span } from "./span.ts";
import type { FootnoteError } from "./errors.ts";
import type { AnswerId, ChunkId, ConversationId, DocumentId, VersionId } from "./ids.ts";
import type { Degradation, Hit, Timings } from "./search.ts";

export interface CitationSource {
  documentId: DocumentId;
  versionId: VersionId;
  chunkId: ChunkId;
  title: string | null;
  url?: string;
  page?: number;
  boxes?: Box[];
}

/** A footnote: `answerSpan` counts in the answer's text, `sourceSpan` in the version's canonical text and lies within the chunk. */
export interface Citation {
  /** Unique within the answer. */
  id: string;
  /** The number shown to the reader, from 1, one per distinct source chunk. */
  marker: number;
  answerSpan: Span;
  source: CitationSource;
  sourceSpan: Span;
  quote: string;
  /** `exact`: quote equals the source text at the span; `normalized`: equal after NFKC, case and white-space folding. */
  verification: "exact" | "normalized";
}

export type ClaimSupport = "supported" | "partial" | "unsupported";

/** One for each sentence of an answer. */
export interface Claim {
  answerSpan: Span;
  support: ClaimSupport;
}

export const finishReasons = ["stop", "length", "refusal", "unsupported", "aborted", "budget", "cap", "error"] as const;
export type FinishReason = (typeof finishReasons)[number];

/** Of everything that was done for the answer: its text, completing and transforming the question, tries that failed. */
export interface Usage {
  /** That wrote or quoted the text. Names as `extractive` or `openai/gpt-…`. */
  model: string;
  promptTokens: number;
  completionTokens: number;
  cachedTokens: number;
  embeddedTokens: number;
  modelCalls: number;
}

/** US dollars per stage and their sum; `generate` is every call of a language model. */
export interface Cost {
  currency: "USD";
  embed: number;
  rerank: number;
  generate: number;
  total: number;
}

export type AnswerEvent =
  | { type: "answer-start"; answerId: AnswerId; conversationId: ConversationId; pipeline: string; pipelineHash: string }
  | { type: "sources"; hits: Hit[] }
  | { type: "text-delta"; text: string }
  | ({ type: "citation" } & Citation)
  | ({ type: "claim" } & Claim)
  | { type: "answer-end"; finishReason: FinishReason; usage: Usage; cost: Cost; timings: Timings; degraded: Degradation[] }
  | { type: "error"; error: FootnoteError };

export interface Answer {
  id: AnswerId;
  conversationId: ConversationId;
  question: string;
  text: string;
  citations: Citation[];
  claims: Claim[];
  sources: Hit[];
  finishReason: FinishReason;
  usage: Usage;
  cost: Cost;
  timings: Timings;
  degraded: Degradation[];
  /** Name of the pipeline, and the hash of its spec. */
  pipeline: string;
  pipelineHash: string;
  createdAt: Date;
}
