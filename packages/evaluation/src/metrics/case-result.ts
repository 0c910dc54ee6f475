import type { ClaimSupport, FinishReason, Span } from "@footnote/core";
import type { EvalCase } from "../datasets/eval-case.ts";

/** A piece of text that was retrieved or cited, with the place where it stands. */
export interface RunContext extends Span {
  /** External id of the document. */
  document: string;
  text: string;
}

export interface RunSentence {
  text: string;
  /** Support as the product itself stated it. */
  stated: ClaimSupport;
  /** Cited spans with the text that stands there. */
  citations: (RunContext & { verified: boolean })[];
}

/** What a pipeline did with a case: everything that a metric or a judge may look at. */
export interface RunAnswer {
  text: string;
  finishReason: FinishReason;
  sentences: RunSentence[];
  /** The sources given to the model, best first. */
  contexts: RunContext[];
  /** The ranking behind them, deeper than the contexts, best first. */
  ranking: RunContext[];
  milliseconds: number;
  usd: number;
  degraded: string[];
}

/** Metrics are 0…1 and greater is better; null where one does not apply to the case. */
export type MetricValues = Record<string, number | null>;

/** Where a quote of a case stands. Alternatives share a `part`. */
export interface GoldSpan extends Span {
  /** External id. */
  document: string;
  part: number;
}

export interface CaseResult {
  case: EvalCase;
  answer: RunAnswer;
  metrics: MetricValues;
  /** The case's quotes in their documents, as the run found them: with them a result can be scored again without its store. */
  gold?: GoldSpan[];
  /** What the judges cost, beside what the answer cost. */
  judging?: { usd: number; modelCalls: number };
}
