import type { EvalRun } from "@footnote/evaluation";
import { createFileJudgeCache, createLlmJudge, llmMetrics, withLlmMetrics } from "@footnote/evaluation/judges";
import { createSystemClock } from "@footnote/core";
import type { Environment } from "./env.ts";
import { openModel } from "./models.ts";

/** Scores a run by the model at JUDGE_URL, beside our own judges. */
export interface LlmScorer {
  score(run: EvalRun, options: { log(line: string): void; signal?: AbortSignal }): Promise<EvalRun>;
}

/** Null where no judge model is set. `cache`: a file that keeps verdicts, so that what was judged once is not paid for again. */
export async function openLlmScorer(env: Environment, options: { cache: string }): Promise<LlmScorer | null> {
  const model = await openModel({ env, role: "JUDGE", clock: createSystemClock() });
  if (model === null) return null;
  const judge = createLlmJudge({ model, cache: createFileJudgeCache(options.cache) });
  return {
    async score(run, { log, signal }) {
      const scores = await llmMetrics(judge, run.results, signal ? { signal } : {});
      const { usd, modelCalls, statements, disagreements, cached, missing } = scores;
      log(
        `${judge.name}: ${statements} statements judged with ${modelCalls} calls (${cached} items known), ${usd.toFixed(4)} USD; its two questions disagreed on ${disagreements}`,
      );
      const reasons = Object.entries(missing).map(([reason, count]) => `${count} ${reason}`);
      if (reasons.length > 0) log(`${judge.name}: answers without a verdict, in no mean: ${reasons.join(", ")}`);
      return withLlmMetrics(run, judge, scores);
    },
  };
}
