import { isFootnoteError } from "@footnote/core";
import { hasAbstained } from "../metrics/answer-metrics.ts";
import { scoreCase } from "../metrics/score-case.ts";
import type { CaseResult, MetricValues } from "../metrics/case-result.ts";
import type { EvalRun } from "../runs/eval-run.ts";
import type { LlmJudge } from "./llm-judge.ts";

/**
 * What a language model judges of an answer; `llm-faithfulness` in a run, so that it stands beside ours and ragas's. `llm-agreement` is the share of
 * statements on which its own two questions agree: how far it may be trusted.
 */
const judgedMetrics = ["faithfulness", "citation-precision", "citation-recall", "answer-correctness"] as const;

export interface LlmScores {
  /** By case id. */
  values: Map<string, MetricValues>;
  /** What each case cost, by its id. */
  costs: Map<string, { usd: number; modelCalls: number }>;
  /** Cases that got no verdict, by reason. They are in no mean. */
  missing: Record<string, number>;
  usd: number;
  modelCalls: number;
  /** Statements of which the judge's two questions said opposite things, and all that were judged. */
  disagreements: number;
  statements: number;
  /** Items whose verdict was kept from before. */
  cached: number;
}

/**
 * Scores results by a language model, one case after another (the judge asks several items of a case at once). A case whose reply stays
 * malformed, is refused or does not come has null metrics and is counted; abstentions cost nothing.
 */
export async function llmMetrics(
  judge: LlmJudge,
  results: readonly CaseResult[],
  options: { signal?: AbortSignal; onProgress?: (progress: { done: number; total: number }) => void } = {},
): Promise<LlmScores> {
  const { signal, onProgress } = options;
  const scores: LlmScores = {
    values: new Map(),
    costs: new Map(),
    missing: {},
    usd: 0,
    modelCalls: 0,
    disagreements: 0,
    statements: 0,
    cached: 0,
  };
  const counting: LlmJudge = {
    ...judge,
    async judge(request) {
      const judged = await judge.judge(request);
      for (const name of ["disagreements", "statements", "cached"] as const) scores[name] += judged[name];
      return judged;
    },
  };
  for (const [index, { case: one, answer }] of results.entries()) {
    const row: MetricValues = Object.fromEntries([...judgedMetrics, "agreement"].map((name) => [`llm-${name}`, null]));
    scores.values.set(one.id, row);
    const before = { ...scores };
    const spent = judge.spent();
    try {
      const { metrics } = await scoreCase({ case: one, answer, gold: [], judges: { judge: counting }, ...(signal ? { signal } : {}) });
      for (const name of judgedMetrics) row[`llm-${name}`] = metrics[name] ?? null;
      const judged = scores.statements - before.statements;
      row["llm-agreement"] = judged === 0 ? null : 1 - (scores.disagreements - before.disagreements) / judged;
    } catch (error) {
      if (!isFootnoteError(error) || (error.code !== "model_failed" && error.code !== "timeout")) throw error;
      const { reason } = error.details;
      const why = typeof reason === "string" ? reason : error.code;
      scores.missing[why] = (scores.missing[why] ?? 0) + 1;
      // A server that is away would be asked for every case in vain.
      const failed = Object.values(scores.missing).reduce((sum, count) => sum + count, 0);
      const asked = results.slice(0, index + 1).filter((result) => !hasAbstained(result.answer)).length;
      if (error.retryable && failed === asked && failed >= 3) throw error;
    }
    const { usd, modelCalls } = judge.spent();
    const cost = { usd: usd - spent.usd, modelCalls: modelCalls - spent.modelCalls };
    scores.costs.set(one.id, cost);
    scores.usd += cost.usd;
    scores.modelCalls += cost.modelCalls;
    onProgress?.({ done: index + 1, total: results.length });
  }
  return scores;
}

/** The run with the values beside its own and the judge among `extraJudges`: runs with and without it stay comparable. */
export function withLlmMetrics(run: EvalRun, judge: Pick<LlmJudge, "name" | "version">, scores: LlmScores): EvalRun {
  const others = (run.extraJudges ?? []).filter((name) => !name.startsWith("llm:"));
  return {
    ...run,
    extraJudges: [...others, `${judge.name}@${judge.version}`],
    results: run.results.map((result) => {
      const { usd, modelCalls } = scores.costs.get(result.case.id) ?? { usd: 0, modelCalls: 0 };
      const spent = result.judging ?? { usd: 0, modelCalls: 0 };
      return {
        ...result,
        metrics: { ...result.metrics, ...scores.values.get(result.case.id) },
        judging: { usd: spent.usd + usd, modelCalls: spent.modelCalls + modelCalls },
      };
    }),
  };
}
