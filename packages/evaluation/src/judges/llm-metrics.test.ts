import { FootnoteError } from "@footnote/core";
import { createScriptedModel } from "@footnote/core/testing";
import { containmentJudge } from "@footnote/core/testing/scripted-judge";
import { describe, expect, it } from "vitest";
import type { CaseResult } from "../metrics/case-result.ts";
import type { EvalRun } from "../runs/eval-run.ts";
import { createMemoryJudgeCache } from "./judge-cache.ts";
import { createLlmJudge } from "./llm-judge.ts";
import { llmMetrics, withLlmMetrics } from "./llm-metrics.ts";

const prices = { promptUsdPerMillion: 1, completionUsdPerMillion: 1 };

function judging(fail?: (prompt: string) => "malformed" | "refusal" | Error | null) {
  const model = createScriptedModel({
    scripts: [],
    name: "judge",
    prices,
    completions: ({ prompt, schema }) => {
      const failure = fail?.(prompt) ?? null;
      if (failure instanceof Error) throw failure;
      if (failure === "malformed") return { text: "?" };
      if (failure === "refusal") return { text: "", finishReason: "refusal" };
      const reply = containmentJudge({ prompt, schema: { name: schema?.name ?? "", jsonSchema: {} } });
      return { text: typeof reply?.text === "string" ? reply.text : "" };
    },
  });
  return { model, judge: createLlmJudge({ model, cache: createMemoryJudgeCache() }) };
}

function result(id: string, sentences: [said: string, quote: string | null][]): CaseResult {
  return {
    case: { id, question: "How long?", answerable: true, tags: [], split: "test", spans: [], referenceAnswer: "Seven years it is." },
    answer: {
      text: sentences.map(([said]) => said).join(" "),
      finishReason: sentences.length === 0 ? "unsupported" : "stop",
      sentences: sentences.map(([text, quote]) => ({
        text,
        stated: "supported",
        citations: quote === null ? [] : [{ document: "d", start: 0, end: quote.length, text: quote, verified: true }],
      })),
      contexts: [],
      ranking: [],
      milliseconds: 1,
      usd: 0,
      degraded: [],
    },
    metrics: { faithfulness: 1 },
  };
}

const good = result("good", [["Seven years it is.", "Seven years it is."]]);
const mixed = result("mixed", [
  ["Seven years it is.", "Seven years it is."],
  ["It is made of gold.", "Seven years it is."],
]);

describe("llmMetrics", () => {
  it("scores answers by what they cite, and counts what it cost", async () => {
    const { model, judge } = judging();
    const progress: number[] = [];
    const scores = await llmMetrics(judge, [good, mixed, result("none", [])], { onProgress: ({ done }) => progress.push(done) });
    expect(scores.values.get("good")).toEqual({
      "llm-faithfulness": 1,
      "llm-citation-precision": 1,
      "llm-citation-recall": 1,
      "llm-answer-correctness": 1,
      "llm-agreement": 1,
    });
    expect(scores.values.get("mixed")).toMatchObject({
      "llm-faithfulness": 0.5,
      "llm-citation-precision": 0.5,
      "llm-citation-recall": 0.5,
    });
    expect(scores.values.get("none")).toMatchObject({ "llm-faithfulness": null, "llm-answer-correctness": 0, "llm-agreement": null });
    expect([...scores.costs.values()].reduce((sum, { usd }) => sum + usd, 0)).toBeCloseTo(scores.usd, 12);
    expect(scores.costs.get("none")).toEqual({ usd: 0, modelCalls: 0 });
    expect(scores.modelCalls).toBe(model.completionRequests.length);
    expect(scores.usd).toBeCloseTo((scores.modelCalls * 15) / 1e6, 12);
    expect(scores).toMatchObject({ missing: {}, disagreements: 0 });
    expect(scores.cached).toBeGreaterThan(0);
    expect(progress).toEqual([1, 2, 3]);
  });

  it("shows where the judge disagrees with itself", async () => {
    const { model } = judging();
    const yes = {
      ...model,
      complete: async (request: Parameters<NonNullable<typeof model.complete>>[0]) => {
        const said = await model.complete?.(request);
        if (!said) throw new Error("The scripted model said nothing.");
        if (request.schema?.name !== "entailment") return said;
        return { ...said, object: JSON.parse(said.text.replaceAll('"entailed":false', '"entailed":true')) };
      },
    };
    const scores = await llmMetrics(createLlmJudge({ model: yes }), [mixed]);
    const agreement = scores.values.get("mixed")?.["llm-agreement"];
    expect(agreement).toBeGreaterThan(0);
    expect(agreement).toBeLessThan(1);
    expect(scores.disagreements).toBeGreaterThan(0);
  });

  it.each(["malformed", "refusal"] as const)("leaves a case out whose verdict is %s, and says so", async (why) => {
    const { judge, model } = judging((prompt) => (prompt.includes("gold") ? why : null));
    const scores = await llmMetrics(judge, [mixed, good]);
    expect(scores.missing).toEqual({ [why]: 1 });
    expect(scores.values.get("mixed")).toMatchObject({ "llm-faithfulness": null });
    expect(scores.values.get("good")).toMatchObject({ "llm-faithfulness": 1 });
    // What was said in vain was paid for.
    expect(scores.modelCalls).toBe(model.completionRequests.length);
    expect(scores.usd).toBeCloseTo((scores.modelCalls * 15) / 1e6, 12);
    expect(scores.costs.get("mixed")?.modelCalls).toBeGreaterThan(3);
  });

  it("stops when the server is away, and at anything that is no verdict's fault", async () => {
    const away = judging(() => new FootnoteError("timeout", "Too slow."));
    const cases = ["a", "b", "c", "d"].map((id) => result(id, [[`It is ${id}.`, "x"]]));
    await expect(llmMetrics(away.judge, cases)).rejects.toMatchObject({ code: "timeout" });
    expect(away.model.completionRequests.length).toBeLessThan(4 * 4);
    const broken = judging(() => new FootnoteError("configuration_invalid", "No key."));
    await expect(llmMetrics(broken.judge, [good])).rejects.toMatchObject({ code: "configuration_invalid" });
    await expect(llmMetrics(judging().judge, [good], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "cancelled" });
  });
});

it("stands beside the run's own values and other judges", async () => {
  const run: EvalRun = {
    id: "run_1",
    dataset: { name: "d", sha256: "s", split: "test" },
    pipeline: "default",
    pipelineHash: "h",
    judges: ["ours@1"],
    extraJudges: ["ragas@0.4.3", "llm:old@1"],
    commit: null,
    createdAt: "2026-11-21T00:00:00.000Z",
    results: [good],
  };
  const { judge } = judging();
  const scored = withLlmMetrics(run, judge, await llmMetrics(judge, run.results));
  expect(scored.extraJudges).toEqual(["ragas@0.4.3", `llm:judge@${judge.version}`]);
  expect(scored.judges).toEqual(run.judges);
  expect(scored.results[0]?.metrics).toMatchObject({ faithfulness: 1, "llm-faithfulness": 1 });
  expect(scored.results[0]?.judging?.modelCalls).toBeGreaterThan(0);
  const paid = { ...run, results: [{ ...good, judging: { usd: 1, modelCalls: 2 } }] };
  const again = withLlmMetrics(paid, judge, await llmMetrics(judge, run.results));
  expect(again.results[0]?.judging).toEqual({ usd: 1, modelCalls: 2 });
});
