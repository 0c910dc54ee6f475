import { newId } from "@footnote/core";
import { hitOf } from "@footnote/core/testing";
import { afterAll, expect, it } from "vitest";
import { bundledCrossEncoderDir } from "./bundled-model.ts";
import { createCrossEncoder } from "./cross-encoder.ts";

const reranker = createCrossEncoder({ modelDir: bundledCrossEncoderDir, threads: 2, budgetMs: 60_000 });
afterAll(() => reranker.close());
const tenantId = newId("tenant");
const passages = ["Invoices are paid within 30 days of receipt.", "Staff get 25 days of annual leave a year.", "The office opens at nine."];

it("is named after its folder, puts the passage that answers first, and scores alike every time", async () => {
  expect(reranker.name).toBe("minilm-cross-encoder-1");
  for (const [at, query] of [
    "When are invoices paid?",
    "How many days of annual leave do staff get?",
    "When does the office open?",
  ].entries()) {
    const { scores } = await reranker.rerank({ tenantId, query, candidates: passages.map(hitOf) });
    expect(scores.indexOf(Math.max(...scores.map((score) => score ?? Number.NEGATIVE_INFINITY)))).toBe(at);
    const again = await reranker.rerank({ tenantId, query, candidates: passages.toReversed().map(hitOf) });
    expect(again.scores.toReversed()).toEqual(scores);
  }
});

it("reads the title and the headings above a chunk, and what stands in the query", async () => {
  const [plain, titled] = ["It is 25 days.", "It is 25 days."].map(hitOf);
  if (!plain || !titled) return;
  titled.chunk = { ...titled.chunk, title: "Annual leave", headingPath: ["Annual leave", "Staff"] };
  const { scores } = await reranker.rerank({ tenantId, query: "How much annual leave do staff get?", candidates: [plain, titled] });
  expect(scores[1] ?? 0).toBeGreaterThan(scores[0] ?? 0);
});
