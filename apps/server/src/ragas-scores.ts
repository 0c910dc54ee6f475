import { FootnoteError } from "@footnote/core";
import type { EvalRun } from "@footnote/evaluation";
import {
  createRagasClient,
  defaultRagasMetrics,
  type RagasClient,
  ragasJudge,
  type RagasMetric,
  ragasMetrics,
  withRagasMetrics,
} from "@footnote/evaluation/ragas";
import type { Environment } from "./env.ts";

/** What scores runs beside our own judges. */
export interface RagasScorer {
  score(run: EvalRun, options: { log(line: string): void; signal?: AbortSignal }): Promise<EvalRun>;
}

/** The sidecar's address and token, or null where none is set. */
export function ragasClient({ RAGAS_URL: url, RAGAS_TOKEN: token }: Pick<Environment, "RAGAS_URL" | "RAGAS_TOKEN">): RagasClient | null {
  return url === undefined ? null : createRagasClient({ url, ...(token === undefined ? {} : { token }) });
}

/**
 * A scorer over the sidecar at RAGAS_URL, or null where none is set. It is asked at once what it can do, before a run spends minutes: without a
 * judge model it throws `configuration_invalid`; without embeddings the metrics that need them are left out, and a line says so.
 */
export async function openRagas(
  env: Pick<Environment, "RAGAS_URL" | "RAGAS_TOKEN">,
  options: { log(line: string): void; signal?: AbortSignal },
): Promise<RagasScorer | null> {
  const client = ragasClient(env);
  if (!client) return null;
  const { data, versions } = await client.metrics(options.signal ? { signal: options.signal } : {});
  const available = new Set(data.filter((metric) => metric.available).map(({ name }) => name));
  const metrics = defaultRagasMetrics.filter((name) => available.has(name));
  if (!available.has("faithfulness")) {
    throw new FootnoteError(
      "configuration_invalid",
      "The ragas sidecar has no judge model; set RAGAS_JUDGE_URL and RAGAS_JUDGE_MODEL where it runs, or leave RAGAS_URL out here.",
    );
  }
  const left = defaultRagasMetrics.filter((name) => !available.has(name));
  if (left.length > 0) options.log(`ragas: ${left.join(" and ")} are left out, they need RAGAS_EMBEDDINGS_URL where the sidecar runs`);
  const judge = ragasJudge(versions);
  return { score: (run, { log, signal }) => scoreRun({ run, client, metrics, judge, log, signal }) };
}

async function scoreRun(options: {
  run: EvalRun;
  client: RagasClient;
  metrics: readonly RagasMetric[];
  judge: string;
  log(line: string): void;
  signal: AbortSignal | undefined;
}): Promise<EvalRun> {
  const { run, client, metrics, judge, log, signal } = options;
  // What the same judge has scored already, before the run was interrupted, is not paid for again.
  const same = run.extraJudges?.includes(judge) ?? false;
  const waiting = run.results.filter((result) => !(same && "ragas-faithfulness" in result.metrics));
  if (waiting.length === 0) return run;
  const scores = await ragasMetrics(client, waiting, { metrics, ...(signal ? { signal } : {}) });
  const { usage, missing } = scores;
  log(
    `ragas: ${waiting.length} answers judged with ${usage.judge_calls} calls, ${usage.prompt_tokens + usage.completion_tokens} tokens, ${usage.embedding_calls} embedding calls`,
  );
  const reasons = Object.entries(missing).map(([code, count]) => `${count} ${code}`);
  if (reasons.length > 0) log(`ragas: scores are missing and in no mean: ${reasons.join(", ")}`);
  return withRagasMetrics(run, scores);
}
