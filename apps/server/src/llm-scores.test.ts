import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createOpenAiServer } from "@footnote/core/testing/openai-server";
import { containmentJudge } from "@footnote/core/testing/scripted-judge";
import type { EvalRun } from "@footnote/evaluation";
import { expect, it, onTestFinished } from "vitest";
import { readEnvironment } from "./env.ts";
import { openLlmScorer } from "./llm-scores.ts";

const quote = "The boiler is guaranteed for seven years.";
const answer = (said: string): EvalRun["results"][number]["answer"] => ({
  text: said,
  finishReason: "stop",
  sentences: [
    { text: said, stated: "supported", citations: [{ document: "d", start: 0, end: quote.length, text: quote, verified: true }] },
  ],
  contexts: [],
  ranking: [],
  milliseconds: 1,
  usd: 0,
  degraded: [],
});
const run: EvalRun = {
  id: "run_1",
  dataset: { name: "d", sha256: "s", split: "test" },
  pipeline: "default",
  pipelineHash: "h",
  judges: ["ours@1"],
  commit: null,
  createdAt: "2026-11-21T00:00:00.000Z",
  results: [quote, "The boiler is made of gold."].map((said, index) => ({
    case: { id: `c${index}`, question: "How long?", answerable: true, tags: [], split: "test", spans: [] },
    answer: answer(said),
    metrics: {},
  })),
};

it("judges a run by the configured model, says what it cost, and does not pay twice", async () => {
  const folder = await mkdtemp(join(tmpdir(), "footnote-llm-scores-"));
  const server = await createOpenAiServer({
    reply: (request) => ({ ...containmentJudge(request), usage: { prompt_tokens: 1000, completion_tokens: 0 } }),
  });
  onTestFinished(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });
  const read = (variables: Record<string, string>) => readEnvironment({ variables, folder });
  const cache = join(folder, "verdicts.jsonl");
  expect(await openLlmScorer(read({}), { cache })).toBeNull();
  const env = read({ JUDGE_URL: server.url, JUDGE_NAME: "judge", JUDGE_PROMPT_PRICE: "1" });
  const lines: string[] = [];
  for (let i = 0; i < 2; i++) {
    const scorer = await openLlmScorer(env, { cache });
    const scored = await scorer?.score(run, { log: (line) => void lines.push(line) });
    expect(scored?.results.map(({ metrics }) => metrics["llm-faithfulness"])).toEqual([1, 0]);
    expect(scored?.extraJudges).toEqual(["llm:judge@1+claims-1+verdicts-1"]);
  }
  expect(lines[0]).toMatch(/^llm:judge: \d+ statements judged with 6 calls \(0 items known\), 0\.0060 USD/u);
  expect(lines[1]).toMatch(/with 0 calls \(2 items known\), 0\.0000 USD/u);
  expect(server.requests).toHaveLength(6);
  expect(await readFile(cache, "utf8")).toContain('"entailed":true');
});
