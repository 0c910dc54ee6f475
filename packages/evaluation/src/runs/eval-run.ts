import type { Split } from "../datasets/eval-case.ts";
import type { CaseResult } from "../metrics/case-result.ts";

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
