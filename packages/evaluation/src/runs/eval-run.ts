import type { ClaimSupport, FinishReason, Span } from "@footnote/core";

/** Which side of the fence a case stands on: whatever is fitted reads `train` only, whatever is reported reads `test`. */
export type Split = "train" | "test";

/** One question of a dataset with what is known about it. A quote stands exactly once in its document's canonical text. */
export interface EvalCase {
  id: string;
  question: string;
  /** Earlier questions of the conversation, oldest first. They are asked before it. */
  history?: string[];
  answerable: boolean;
  /** What the question is like: `single-fact`, `multi-hop`, `table`… Slices of a report. */
  tags: string[];
  split: Split;
  /** BCP 47 primary subtag of the question. Default `en`. */
  language?: string;
  /** In one or two sentences; what an expert would say. Missing where nobody wrote one. */
  referenceAnswer?: string;
  /**
   * Places that bear the answer. Those with the same `part` are alternatives; a question is answered in full when every part is.
   * Default part 1. Empty for an unanswerable case.
   */
  spans: { document: string; quote: string; part?: number }[];
}

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

/** All cases of a dataset through one pipeline. */
export interface EvalRun {
  id: string;
  dataset: { name: string; sha256: string; split: Split };
  pipeline: string;
  pipelineHash: string;
  /** SHA-256 over what was searched: equal documents, equal hash. Null where it is not known. */
  corpus?: string | null;
  /** Names and versions of what judged: two runs are compared only when these are equal. */
  judges: string[];
  /** What scored beside them, such as ragas; runs are compared whatever stands here, by the metrics that both have. */
  extraJudges?: string[];
  commit: string | null;
  createdAt: string;
  results: CaseResult[];
}
