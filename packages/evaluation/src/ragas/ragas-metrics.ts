import { hasAbstained } from "../metrics/answer-metrics.ts";
import type { CaseResult, MetricValues } from "../metrics/case-result.ts";
import type { EvalRun } from "../runs/eval-run.ts";
import { addRagasUsage, type RagasClient } from "./ragas-client.ts";
import type { RagasMetric, RagasResults, RagasSample, RagasUsage } from "./ragas-wire.ts";

/** Those that a run is scored with unless others are named: what ragas asks its judge. */
export const defaultRagasMetrics = [
  "faithfulness",
  "answer_relevancy",
  "context_precision",
  "context_recall",
  "answer_correctness",
] as const satisfies readonly RagasMetric[];

/** `answer_relevancy` is `ragas-answer-relevancy` in a run, so that ours and theirs stand side by side. */
export const ragasMetricName = (metric: RagasMetric): string => `ragas-${metric.replaceAll("_", "-")}`;

export interface RagasScores {
  /** By case id. */
  values: Map<string, MetricValues>;
  /** Scores that were asked for and have no value, by ragas's reason. */
  missing: Record<string, number>;
  usage: RagasUsage;
  /** Null: no case had anything to ask. */
  versions: RagasResults["versions"] | null;
}

/**
 * Scores results by ragas. As in our own metrics an abstention has no claims: its faithfulness is null, its relevancy and correctness are 0
 * where the question could be answered, and no judge is asked. What a case lacks (contexts, a reference) makes the metrics that need it null.
 */
export async function ragasMetrics(
  client: Pick<RagasClient, "score">,
  results: readonly CaseResult[],
  options: {
    metrics?: readonly RagasMetric[];
    signal?: AbortSignal;
    onProgress?: (progress: { done: number; total: number }) => void;
  } = {},
): Promise<RagasScores> {
  const { metrics = defaultRagasMetrics, signal, onProgress } = options;
  const { values, groups } = groupByMetrics(results, metrics);
  const missing: Record<string, number> = {};
  let usage: RagasUsage = { judge_calls: 0, embedding_calls: 0, prompt_tokens: 0, completion_tokens: 0 };
  let versions: RagasResults["versions"] | null = null;
  let done = 0;
  for (const { metrics: asked, rows, samples } of groups) {
    if (asked.length > 0) {
      const answer = await client.score({ metrics: asked, samples, ...(signal ? { signal } : {}) });
      versions = answer.versions;
      usage = addRagasUsage(usage, answer.usage);
      for (const [index, row] of rows.entries()) enterScores(row, asked, { scores: answer.results[index]?.scores ?? {}, missing });
    }
    done += samples.length;
    onProgress?.({ done, total: results.length });
  }
  return { values, missing, usage, versions };
}

interface Group {
  metrics: RagasMetric[];
  /** Rows and samples of the same cases, in the same order. */
  rows: MetricValues[];
  samples: RagasSample[];
}

/** What is known of each case without asking, by its id; cases of which the same metrics are asked go together. */
function groupByMetrics(results: readonly CaseResult[], metrics: readonly RagasMetric[]) {
  const values = new Map<string, MetricValues>();
  const groups = new Map<string, Group>();
  for (const result of results) {
    const sample = sampleOf(result);
    const known: MetricValues = {};
    const asked: RagasMetric[] = [];
    for (const metric of metrics) {
      const state = stateOf(metric, result, sample);
      if (state === "ask") asked.push(metric);
      else known[ragasMetricName(metric)] = state;
    }
    values.set(result.case.id, known);
    const key = asked.join();
    const group = groups.get(key) ?? { metrics: asked, rows: [], samples: [] };
    group.samples.push(sample);
    group.rows.push(known);
    groups.set(key, group);
  }
  return { values, groups: groups.values() };
}

function enterScores(
  row: MetricValues,
  asked: readonly RagasMetric[],
  { scores, missing }: { scores: RagasResults["results"][number]["scores"]; missing: Record<string, number> },
): void {
  for (const metric of asked) {
    const score = scores[metric];
    // A cosine below 0 is as irrelevant as one of 0: metrics of a run are 0…1.
    row[ragasMetricName(metric)] = score?.value == null ? null : Math.max(0, score.value);
    if (score?.value == null) {
      const code = score?.reason?.code ?? "metric_failed";
      missing[code] = (missing[code] ?? 0) + 1;
    }
  }
}

/** The run with ragas's values beside its own and what judged them among `extraJudges`: runs with and without ragas stay comparable. */
export function withRagasMetrics(run: EvalRun, scores: RagasScores): EvalRun {
  const { versions, values } = scores;
  if (!versions) return run;
  const others = (run.extraJudges ?? []).filter((name) => !name.startsWith("ragas@"));
  return {
    ...run,
    extraJudges: [...others, ragasJudge(versions)],
    results: run.results.map((result) => ({ ...result, metrics: { ...result.metrics, ...values.get(result.case.id) } })),
  };
}

/** ragas's version and the models behind it: what must be equal for two values to be compared. */
export function ragasJudge({ ragas, judge_model, embeddings_model }: RagasResults["versions"]): string {
  const models = [judge_model, embeddings_model].filter((model) => model !== null);
  return [`ragas@${ragas}`, ...models].join(":");
}

function sampleOf({ case: { question, referenceAnswer, answerable }, answer }: CaseResult): RagasSample {
  // The text itself holds the citations' markers, its sentences do not.
  const said = answer.sentences.map(({ text }) => text).join(" ");
  const contexts = answer.contexts.map(({ text }) => text).filter((text) => text.trim() !== "");
  const response = said.trim() === "" ? answer.text : said;
  return {
    user_input: question,
    ...(response.trim() === "" ? {} : { response }),
    ...(answerable && referenceAnswer !== undefined && referenceAnswer.trim() !== "" ? { reference: referenceAnswer } : {}),
    ...(contexts.length === 0 ? {} : { retrieved_contexts: contexts }),
  };
}

const aboutTheAnswer: ReadonlySet<RagasMetric> = new Set<RagasMetric>(["answer_relevancy", "answer_correctness"]);
const aboutClaims: ReadonlySet<RagasMetric> = new Set<RagasMetric>(["faithfulness", "context_utilization", "quoted_spans_alignment"]);
/** What ragas needs of a sample besides the question. */
export const neededFields: Readonly<Record<RagasMetric, readonly (keyof RagasSample)[]>> = {
  faithfulness: ["response", "retrieved_contexts"],
  answer_relevancy: ["response"],
  context_precision: ["reference", "retrieved_contexts"],
  context_utilization: ["response", "retrieved_contexts"],
  context_recall: ["reference", "retrieved_contexts"],
  answer_correctness: ["response", "reference"],
  non_llm_context_precision: ["retrieved_contexts", "reference_contexts"],
  non_llm_context_recall: ["retrieved_contexts", "reference_contexts"],
  id_based_context_precision: ["retrieved_context_ids", "reference_context_ids"],
  id_based_context_recall: ["retrieved_context_ids", "reference_context_ids"],
  non_llm_string_similarity: ["response", "reference"],
  bleu_score: ["response", "reference"],
  rouge_score: ["response", "reference"],
  chrf_score: ["response", "reference"],
  exact_match: ["response", "reference"],
  string_present: ["response", "reference"],
  quoted_spans_alignment: ["response", "retrieved_contexts"],
};

/** Whether ragas is asked, or the value without asking. */
function stateOf(metric: RagasMetric, { case: one, answer }: CaseResult, sample: RagasSample): "ask" | 0 | null {
  if (aboutTheAnswer.has(metric) && !one.answerable) return null;
  if (hasAbstained(answer)) {
    if (aboutClaims.has(metric)) return null;
    if (aboutTheAnswer.has(metric)) return metric === "answer_correctness" && sample.reference === undefined ? null : 0;
  }
  return neededFields[metric].every((field) => sample[field] !== undefined) ? "ask" : null;
}
