import type { Claim, FinishReason, Span } from "@footnote/core";

/** A retrieved chunk, as the API and the store both give it. */
export interface TargetHit {
  chunk: { documentId: string; versionId: string; start: number; end: number; text: string };
}

/** An answer, as the API and the store both give it. */
export interface TargetAnswer {
  text: string;
  finishReason: FinishReason;
  citations: readonly {
    answerSpan: Span;
    sourceSpan: Span;
    quote: string;
    verification: "exact" | "normalized";
    source: { documentId: string; versionId: string };
  }[];
  claims: readonly Claim[];
  sources: readonly TargetHit[];
  cost: { total: number };
  degraded: readonly { step: string; reason: string }[];
}

/** The pipeline under evaluation over the documents it answers from. In process, over HTTP, or scripted in a test. */
export interface EvalTarget {
  /** Name of the pipeline, and the hash of its spec. */
  pipeline: string;
  pipelineHash: string;
  /** SHA-256 over the documents: a result is taken from a cache only when it is equal. Null: nothing is taken from one. */
  corpus: string | null;
  /** Asks the earlier questions first, as one conversation, and returns the answer to the last. */
  ask(request: { question: string; history: readonly string[]; signal?: AbortSignal }): Promise<TargetAnswer>;
  /** The ranking for the same question, best first. */
  search(request: {
    question: string;
    history: readonly string[];
    limit: number;
    signal?: AbortSignal;
  }): Promise<{ hits: readonly TargetHit[] }>;
  /** External id and canonical text of a version. */
  readVersion(source: { documentId: string; versionId: string; signal?: AbortSignal }): Promise<{ externalId: string; text: string }>;
  /** Canonical text of a document's live version. Null when there is no such document. */
  readDocument(request: { externalId: string; signal?: AbortSignal }): Promise<string | null>;
}
