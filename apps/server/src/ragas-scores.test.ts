import { createServer } from "node:http";
import type { EvalRun } from "@footnote/evaluation";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openRagas, ragasClient } from "./ragas-scores.ts";

// What the real sidecar does is tested in packages/evaluation; here it is a server that says what we want to see the effect of.
const all = ["faithfulness", "answer_relevancy", "context_precision", "context_recall", "answer_correctness"];
let server: ReturnType<typeof createServer>;
let url = "";
let available: string[] = [];
let value: number | null = 0.5;
let model = "judge";
let asked: { metrics: string[]; samples: unknown[] }[] = [];

beforeEach(async () => {
  [available, value, model, asked] = [all, 0.5, "judge", []];
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (data: Buffer) => (body += data.toString()));
    request.on("end", () => {
      const versions = { service: "0.1.0", ragas: "0.4.3", judge_model: model, embeddings_model: null };
      const send = (status: number, answer: unknown) => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify(answer));
      };
      if (request.url === "/readyz") {
        const ready = available.length > 0;
        const dependencies = { judge: { status: ready ? "ok" : "not_configured", latency_ms: null, detail: ready ? "answers" : "set it" } };
        send(ready ? 200 : 503, { status: ready ? "ready" : "not_ready", dependencies });
      } else if (request.headers.authorization !== "Bearer sesame") {
        const problem = { type: "t", title: "t", status: 401, code: "unauthorized", detail: "The token is wrong.", requestId: "r" };
        send(401, problem);
      } else if (request.url === "/v1/metrics") {
        const data = all.map((name) => ({
          name,
          fields: ["response"],
          judge: true,
          embeddings: false,
          available: available.includes(name),
        }));
        send(200, { data, versions });
      } else {
        const { metrics, samples }: { metrics: string[]; samples: unknown[] } = JSON.parse(body);
        asked.push({ metrics, samples });
        const reason = value === null ? { code: "judge_output_invalid", message: "" } : null;
        const scores = Object.fromEntries(metrics.map((name) => [name, { value, reason }]));
        const usage = { judge_calls: 2, embedding_calls: 1, prompt_tokens: 30, completion_tokens: 4 };
        send(200, { results: samples.map(() => ({ id: null, scores })), usage, versions, seconds: 1 });
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const context = { document: "d", start: 0, end: 3, text: "It opened in 1921." };
const run: EvalRun = {
  id: "run_1",
  dataset: { name: "d", sha256: "s", split: "test" },
  pipeline: "default",
  pipelineHash: "h",
  judges: ["ours@1"],
  commit: null,
  createdAt: "2026-11-21T00:00:00.000Z",
  results: ["one", "two"].map((id) => ({
    case: { id, question: "When?", answerable: true, tags: [], split: "test", referenceAnswer: "In 1921.", spans: [] },
    answer: {
      text: "It opened in 1921.",
      finishReason: "stop",
      sentences: [{ text: "It opened in 1921.", stated: "supported", citations: [] }],
      contexts: [context],
      ranking: [context],
      milliseconds: 1,
      usd: 0,
      degraded: [],
    },
    metrics: { faithfulness: 1 },
  })),
};
async function open() {
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  const scorer = await openRagas({ RAGAS_URL: url, RAGAS_TOKEN: "sesame" }, { log });
  if (!scorer) throw new Error("no scorer");
  return { lines, score: (given: EvalRun) => scorer.score(given, { log }) };
}

describe("openRagas", () => {
  it("is nothing where no sidecar is named", async () => {
    expect(await openRagas({}, { log: () => {} })).toBeNull();
    expect(ragasClient({})).toBeNull();
  });

  it("scores a run, says what it cost, and does not pay twice", async () => {
    const { lines, score } = await open();
    const scored = await score(run);
    expect(scored.results.map(({ metrics }) => [metrics["faithfulness"], metrics["ragas-faithfulness"]])).toEqual([
      [1, 0.5],
      [1, 0.5],
    ]);
    expect(lines).toEqual(["ragas: 2 answers judged with 2 calls, 34 tokens, 1 embedding calls"]);
    expect(await score(scored)).toBe(scored);
    expect(asked).toHaveLength(1);
    // One answer came later.
    const [first, second] = scored.results;
    if (!first || !second) throw new Error("no results");
    await score({ ...scored, results: [first, { ...second, metrics: { faithfulness: 1 } }] });
    expect(asked[1]?.samples).toHaveLength(1);
  });

  it("scores anew what another judge had scored", async () => {
    const scored = await (await open()).score(run);
    model = "another";
    const again = await (await open()).score(scored);
    expect(again.extraJudges).toEqual(["ragas@0.4.3:another"]);
    expect(asked[1]?.samples).toHaveLength(2);
  });

  it("says which scores are missing", async () => {
    value = null;
    const { lines, score } = await open();
    const scored = await score(run);
    expect(scored.results[0]?.metrics["ragas-faithfulness"]).toBeNull();
    expect(lines[1]).toBe("ragas: scores are missing and in no mean: 10 judge_output_invalid");
  });

  it("leaves out what needs embeddings that are not there", async () => {
    available = ["faithfulness", "context_precision", "context_recall"];
    const { lines, score } = await open();
    expect(lines[0]).toContain("answer_relevancy and answer_correctness are left out");
    await score(run);
    expect(asked[0]?.metrics).toEqual(available);
  });

  it("does not begin without a judge model", async () => {
    available = [];
    await expect(open()).rejects.toMatchObject({ code: "configuration_invalid", message: expect.stringContaining("RAGAS_JUDGE_URL") });
  });
});
