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
