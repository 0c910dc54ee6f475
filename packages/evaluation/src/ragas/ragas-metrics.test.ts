import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { EvalCase } from "../datasets/eval-case.ts";
import type { CaseResult, RunAnswer } from "../metrics/case-result.ts";
import type { EvalRun } from "../runs/eval-run.ts";
import { createRunFile, writeRunFile } from "../runs/run-file.ts";
import type { RagasClient } from "./ragas-client.ts";
import { ragasMetricName, ragasMetrics, withRagasMetrics } from "./ragas-metrics.ts";
import type { RagasMetric, RagasResults, RagasSample } from "./ragas-wire.ts";

const versions = { service: "0.1.0", ragas: "0.4.3", judge_model: "judge", embeddings_model: "embed" };

function result(changes: { case?: Partial<EvalCase>; answer?: Partial<RunAnswer>; id?: string } = {}): CaseResult {
  const context = { document: "d", start: 0, end: 3, text: "The harbour opened in 1921." };
  return {
    case: {
      id: changes.id ?? "one",
      question: "When did it open?",
      answerable: true,
      tags: [],
      split: "test",
      referenceAnswer: "In 1921.",
      spans: [],
      ...changes.case,
    },
    answer: {
      text: "It opened in 1921. [1]",
      finishReason: "stop",
      sentences: [{ text: "It opened in 1921.", stated: "supported", citations: [{ ...context, verified: true }] }],
      contexts: [context, { ...context, text: " " }],
      ranking: [context],
      milliseconds: 1,
      usd: 0,
      degraded: [],
      ...changes.answer,
    },
    metrics: { faithfulness: 1 },
  };
}

/** Answers every metric by what `values` says of it; keeps what it was asked. */
function scripted(values: Partial<Record<RagasMetric, number>>) {
  const asked: { metrics: readonly RagasMetric[]; samples: readonly RagasSample[] }[] = [];
  const client: Pick<RagasClient, "score"> = {
    async score({ metrics, samples }) {
      asked.push({ metrics, samples });
      const scores: RagasResults["results"][number]["scores"] = {};
      for (const metric of metrics) {
        const value = values[metric] ?? null;
        scores[metric] = { value, reason: value === null ? { code: "not_a_number", message: "" } : null };
      }
      return {
        results: samples.map(() => ({ id: null, scores })),
        usage: { judge_calls: 1, embedding_calls: 2, prompt_tokens: 3, completion_tokens: 4 },
        versions,
        seconds: 0,
      };
    },
  };
  return { client, asked };
}

describe("ragasMetrics", () => {
  it("asks with the sentences, the contexts and the reference, and names the values after ours", async () => {
    const values = { faithfulness: 0.5, answer_relevancy: -0.1, context_precision: 1, context_recall: 0.25 };
    const { client, asked } = scripted(values);
    const scores = await ragasMetrics(client, [result()]);
    expect(asked).toEqual([
      {
        metrics: ["faithfulness", "answer_relevancy", "context_precision", "context_recall", "answer_correctness"],
        samples: [
          {
            user_input: "When did it open?",
            response: "It opened in 1921.",
            reference: "In 1921.",
            retrieved_contexts: ["The harbour opened in 1921."],
          },
        ],
      },
    ]);
    expect(scores.values.get("one")).toEqual({
      "ragas-faithfulness": 0.5,
      "ragas-answer-relevancy": 0,
      "ragas-context-precision": 1,
      "ragas-context-recall": 0.25,
      "ragas-answer-correctness": null,
    });
    expect(scores.missing).toEqual({ not_a_number: 1 });
  });

  it("asks nothing about what an abstention did not say", async () => {
    const abstained = { finishReason: "unsupported" as const, sentences: [], text: "Nothing says so." };
    const { client, asked } = scripted({ context_precision: 0.5, context_recall: 0.5 });
    const scores = await ragasMetrics(client, [
      result({ id: "missed", answer: abstained }),
      result({ id: "right", answer: { ...abstained, contexts: [] }, case: { answerable: false } }),
    ]);
    expect(asked.map(({ metrics }) => metrics)).toEqual([["context_precision", "context_recall"]]);
    expect(scores.values.get("missed")).toMatchObject({
      "ragas-faithfulness": null,
      "ragas-answer-relevancy": 0,
      "ragas-answer-correctness": 0,
      "ragas-context-recall": 0.5,
    });
    expect(Object.values(scores.values.get("right") ?? {})).toEqual([null, null, null, null, null]);
    expect(scores.missing).toEqual({});
  });

  it("judges an answer to an unanswerable question by its faithfulness alone", async () => {
    const { client, asked } = scripted({ faithfulness: 0 });
    await ragasMetrics(client, [result({ case: { answerable: false, referenceAnswer: "Nobody knows." } })]);
    expect(asked.map(({ metrics }) => metrics)).toEqual([["faithfulness"]]);
    expect(asked[0]?.samples[0]).not.toHaveProperty("reference");
  });

  it("groups cases by what can be asked of them and keeps each value with its case", async () => {
    const { client, asked } = scripted({ faithfulness: 1, rouge_score: 0.5 });
    const progress: number[] = [];
    const results = [
      result({ id: "a" }),
      result({ id: "b", case: { referenceAnswer: " " } }),
      result({ id: "c", answer: { contexts: [] } }),
      result({ id: "d" }),
      result({ id: "e", answer: { text: " ", sentences: [] } }),
    ];
    const scores = await ragasMetrics(client, results, {
      metrics: ["faithfulness", "rouge_score"],
      onProgress: ({ done }) => progress.push(done),
    });
    expect(asked.map(({ metrics, samples }) => [metrics.join(), samples.length])).toEqual([
      ["faithfulness,rouge_score", 2],
      ["faithfulness", 1],
      ["rouge_score", 1],
    ]);
    expect(results.map(({ case: { id } }) => Object.values(scores.values.get(id) ?? {}))).toEqual([
      [1, 0.5],
      [null, 1],
      [null, 0.5],
      [1, 0.5],
      [null, null],
    ]);
    expect(scores.usage).toEqual({ judge_calls: 3, embedding_calls: 6, prompt_tokens: 9, completion_tokens: 12 });
    expect(progress.at(-1)).toBe(5);
  });
});

describe("withRagasMetrics", () => {
  const run: EvalRun = {
    id: "run_1",
    dataset: { name: "d", sha256: "s", split: "test" },
    pipeline: "default",
    pipelineHash: "h",
    judges: ["ours@1"],
    commit: null,
    createdAt: "2026-11-21T00:00:00.000Z",
    results: [result()],
  };

  it("puts the values beside those of the run, and what judged them apart from its judges", async () => {
    const { client } = scripted({ faithfulness: 0.5 });
    const scored = withRagasMetrics(run, await ragasMetrics(client, run.results, { metrics: ["faithfulness"] }));
    expect(scored.results[0]?.metrics).toEqual({ faithfulness: 1, "ragas-faithfulness": 0.5 });
    expect(scored.judges).toEqual(run.judges);
    expect(scored.extraJudges).toEqual(["ragas@0.4.3:judge:embed"]);
  });

  it("lets a run that was scored go on as the one it was", async () => {
    const folder = await mkdtemp(join(tmpdir(), "footnote-ragas-"));
    try {
      const path = join(folder, "run.jsonl");
      const { client } = scripted({ faithfulness: 0.5 });
      await writeRunFile(path, withRagasMetrics(run, await ragasMetrics(client, run.results)));
      const { results: _results, ...header } = run;
      const known = await createRunFile(path).open({ ...header, id: "run_2" });
      expect(known.finished[0]?.metrics["ragas-faithfulness"]).toBe(0.5);
      expect(known.header).toMatchObject({ id: "run_1", extraJudges: ["ragas@0.4.3:judge:embed"] });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("leaves a run alone of which nothing could be asked", async () => {
    const { client } = scripted({});
    expect(withRagasMetrics(run, await ragasMetrics(client, []))).toBe(run);
  });

  it("gives every metric a name of its own", () => {
    expect(ragasMetricName("non_llm_context_recall")).toBe("ragas-non-llm-context-recall");
  });
});
