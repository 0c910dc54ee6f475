import type { ClaimSupport } from "../answer.ts";

/** One claim and the texts that are said to bear it. */
export interface JudgeItem {
  /** A sentence, or one statement of it. */
  claim: string;
  /** The texts that may support it, taken together. None: nothing supports it. */
  evidence: readonly string[];
  /** The question that the claim answers; what "he" or "it" stands for. */
  question?: string;
}

export interface Verdict {
  support: ClaimSupport;
  /** How well the evidence supports the claim, in 0…1. Judges are compared by their verdicts, thresholds are chosen on scores. */
  score: number;
  /** For people: which number, name or part is missing. */
  reason?: string;
}

export interface JudgeCapabilities {
  /** Whether the same item gives the same verdict in whatever company. */
  deterministic: boolean;
  /** Items per call that the adapter wants; a caller may send more. */
  batchSize: number;
  /** Whether a call costs model calls or money. Default false. */
  metered?: boolean;
}

/** Says of claims whether their evidence supports them. A run names its judges: two runs compare only when these are equal. */
export interface Judge {
  readonly name: string;
  /** Changes whenever a verdict may. */
  readonly version: string;
  readonly capabilities: JudgeCapabilities;
  /** One verdict per item in order. Throws a retryable error when no verdict can be had. */
  judge(request: {
    items: readonly JudgeItem[];
    signal?: AbortSignal;
  }): Promise<{ verdicts: Verdict[]; /** US dollars of this call. */ usd: number; modelCalls: number }>;
}
