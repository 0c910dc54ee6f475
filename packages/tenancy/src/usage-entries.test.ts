import { expect, test } from "vitest";
import { answerUsage, searchUsage } from "./usage-entries.ts";

const search = { requestId: "r", embedder: "space", embeddedTokens: 5, reranker: "late-interaction" };
const hit = (tokenCount: number, rerank?: number) => ({ chunk: { tokenCount }, ranks: rerank === undefined ? {} : { rerank } });

test("a search has a row for its embedding and one for the reranking that took place", () => {
  expect(searchUsage({ ...search, hits: [hit(10, 1), hit(20, 2), hit(40)] })).toEqual([
    { requestId: "r", kind: "search", stage: "embed", model: "space", inputTokens: 5, outputTokens: 0, costUsd: "0" },
    { requestId: "r", kind: "search", stage: "rerank", model: "late-interaction", inputTokens: 30, outputTokens: 0, costUsd: "0" },
  ]);
  const modelCalls = [{ step: "transform" as const, model: "m", promptTokens: 30, completionTokens: 9, cachedTokens: 0, usd: 0.00012 }];
  expect(searchUsage({ ...search, hits: [], modelCalls }).at(1)).toEqual({
    requestId: "r",
    kind: "search",
    stage: "transform",
    model: "m",
    inputTokens: 30,
    outputTokens: 9,
    costUsd: "0.00012",
  });
  expect(searchUsage({ ...search, hits: [hit(10)] })).toHaveLength(1);
  expect(searchUsage({ ...search, reranker: null, hits: [hit(10, 1)] })).toHaveLength(1);
});

test("an answer has its searches' rows and its generation with the cost as an exact decimal", () => {
  const usage = { model: "m", promptTokens: 100, completionTokens: 20, cachedTokens: 0, embeddedTokens: 7, modelCalls: 1 };
  const rows = answerUsage({
    requestId: "r",
    searches: searchUsage({ ...search, hits: [] }),
    usage,
    cost: { currency: "USD", embed: 0, rerank: 0, generate: 0.0000012, total: 0.0000012 },
  });
  expect(rows.map(({ kind, stage, inputTokens, costUsd }) => ({ kind, stage, inputTokens, costUsd }))).toEqual([
    { kind: "answer", stage: "embed", inputTokens: 5, costUsd: "0" },
    { kind: "answer", stage: "embed", inputTokens: 7, costUsd: "0" },
    { kind: "answer", stage: "generate", inputTokens: 100, costUsd: "0.0000012" },
  ]);
});
