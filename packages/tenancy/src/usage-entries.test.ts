import { expect, test } from "vitest";
import { usageEntries } from "./usage-entries.ts";

test("a request has a row for each step and model, with the cost as an exact decimal", () => {
  const used = { stage: "generate", model: "m", inputTokens: 100, outputTokens: 20, cachedTokens: 0, modelCalls: 1 } as const;
  const row = { requestId: "r", kind: "answer", stage: "generate", model: "m", inputTokens: 100, outputTokens: 20 };
  const rows = usageEntries({
    requestId: "r",
    kind: "answer",
    used: [
      { ...used, usd: 0.0000012 },
      { ...used, stage: "embed", usd: 0 },
      { ...used, stage: "transform", usd: 20 },
    ],
  });
  expect(rows).toEqual([
    { ...row, costUsd: "0.0000012" },
    { ...row, stage: "embed", costUsd: "0" },
    { ...row, stage: "transform", costUsd: "20" },
  ]);
});
