// What an app needs to judge a pipeline on a tenant's own questions. The rest stands behind the package's subpaths.
export type { EvalCase, Split } from "./datasets/eval-case.ts";
export { caseHash, datasetHash, parseEvalCase, readEvalCases } from "./datasets/eval-dataset.ts";
export type { CaseResult } from "./metrics/case-result.ts";
export { judgeNames } from "./metrics/score-case.ts";
export type { Judges } from "./metrics/score-case.ts";
export type { EvalRun } from "./runs/eval-run.ts";
export type { EvalTarget, TargetAnswer } from "./runs/eval-target.ts";
export { runEvaluation } from "./runs/run-evaluation.ts";
export { slicesOf, summaryInSteps } from "./runs/summarize-eval-run.ts";
export type { MetricSummary } from "./runs/summarize-eval-run.ts";
export { createLocalJudges } from "./judges/local-judges.ts";
export { candidateCase } from "./proposals/candidate-case.ts";
