export { readAnswer } from "./read-answer.ts";
export { createResultCache, createRunFile, readRunFile, writeRunFile } from "./run-file.ts";
export { formatEvalRun, formatSummary, summarizeEvalRun } from "./summarize-eval-run.ts";
