import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { newId } from "@footnote/core";
import { hitOf, rerankerContract } from "@footnote/core/testing";
import { AutoModelForSequenceClassification, AutoTokenizer, env } from "@xenova/transformers";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCrossEncoder } from "./cross-encoder.ts";
import { cutPair } from "./cut-pair.ts";
import { writeTinyCrossEncoder } from "./testing/tiny-cross-encoder.ts";

const root = mkdtempSync(join(tmpdir(), "footnote-"));
const modelDir = join(root, "tiny-cross-encoder");
beforeAll(() => {
  writeTinyCrossEncoder(modelDir);
  writeTinyCrossEncoder(join(root, "two-classes"), { classes: 2 });
  writeTinyCrossEncoder(join(root, "three-classes"), { classes: 3 });
});
afterAll(() => rmSync(root, { recursive: true }));

rerankerContract("cross-encoder", {
  create: async () => {
    const reranker = createCrossEncoder({ modelDir, threads: 1 });
    return { reranker, close: () => reranker.close() };
  },
});

describe("cross-encoder", () => {
  const tenantId = newId("tenant");
  const query = "how many days of leave";

  /** The library's own way from a pair to logits. */
  const reference = async (folder: string, passage: string): Promise<number[]> => {
    env.allowRemoteModels = false;
    env.localModelPath = dirname(folder);
    const tokenizer = await AutoTokenizer.from_pretrained(basename(folder));
    const model = await AutoModelForSequenceClassification.from_pretrained(basename(folder), { dtype: "fp32", device: "cpu" });
    const { logits } = await model(tokenizer(query, { text_pair: passage }));
    return Array.from(logits.data as Float32Array);
  };

  it("gives the model's logit for query and passage", async () => {
    const passages = ["the staff have 25 days of leave", "we pay in 30 days"];
    const reranker = createCrossEncoder({ modelDir, threads: 2 });
    const { scores } = await reranker.rerank({ tenantId, query, candidates: passages.map(hitOf) });
    for (const [at, passage] of passages.entries())
      expect(scores[at]).toBeCloseTo((await reference(modelDir, passage))[0] ?? Number.NaN, 4);
    expect(scores[0]).not.toBe(scores[1]);
    const swapped = await reranker.rerank({ tenantId, query: passages[0] ?? "", candidates: [hitOf(query)] });
    expect(swapped.scores[0]).not.toBeCloseTo(scores[0] ?? 0, 4);
    await reranker.close();
  });

  it("takes the difference of two classes and refuses three", async () => {
    const folder = join(root, "two-classes");
    const two = createCrossEncoder({ modelDir: folder, threads: 1 });
    const [no = 0, yes = 0] = await reference(folder, "a b c");
    const { scores } = await two.rerank({ tenantId, query, candidates: [hitOf("a b c")] });
    expect(scores[0]).toBeCloseTo(yes - no, 4);
    await two.close();
    const three = createCrossEncoder({ modelDir: join(root, "three-classes"), threads: 1 });
    await expect(three.rerank({ tenantId, query, candidates: [hitOf("a")] })).rejects.toMatchObject({ code: "rerank_failed" });
    await three.close();
  });

  it("cuts the passage and keeps the query", async () => {
    const reranker = createCrossEncoder({ modelDir, threads: 1, maxTokens: 16 });
    const long = "the of and in to was ".repeat(200);
    const { scores } = await reranker.rerank({
      tenantId,
      query,
      // 16 tokens: 3 special, 5 of the query, 8 of the passage.
      candidates: [long, "the of and in to was the of", "the of and in to was the in", ""].map(hitOf),
    });
    expect(scores[0]).toBeCloseTo(scores[1] ?? Number.NaN, 5);
    expect(scores[0]).not.toBeCloseTo(scores[2] ?? Number.NaN, 5);
    expect(scores[3]).not.toBeNull();
    await reranker.close();
  });

  it("leaves out what does not fit: candidates beyond the limit, and beyond the time", async () => {
    const few = createCrossEncoder({ modelDir, threads: 1, maxCandidates: 1 });
    const { scores } = await few.rerank({ tenantId, query, candidates: ["a", "b"].map(hitOf) });
    expect(scores).toEqual([expect.any(Number), null]);
    await few.close();
    const hasty = createCrossEncoder({ modelDir, threads: 1, budgetMs: 1 });
    await expect(hasty.rerank({ tenantId, query, candidates: [hitOf("a")] })).rejects.toMatchObject({ code: "rerank_failed" });
    await hasty.close();
  });

  it("refuses a folder that is no model", async () => {
    expect(() => createCrossEncoder({ modelDir: root })).toThrow(expect.objectContaining({ code: "configuration_invalid" }));
    const broken = join(root, "broken");
    writeTinyCrossEncoder(broken);
    writeFileSync(join(broken, "onnx", "model.onnx"), "no model");
    const reranker = createCrossEncoder({ modelDir: broken, threads: 1 });
    await expect(reranker.rerank({ tenantId, query, candidates: [hitOf("a")] })).rejects.toMatchObject({ code: "rerank_failed" });
    await reranker.close();
  });
});

describe("cutPair", () => {
  it("keeps special tokens, then the query up to half, then the passage", () => {
    const token = fc.integer({ min: 10, max: 14 });
    fc.assert(
      fc.property(fc.array(token), fc.array(token), fc.integer({ min: 8, max: 40 }), (query, passage, maxTokens) => {
        const pair = [1, ...query, 2, ...passage, 2];
        const kept = cutPair({ query, passage, pair, maxTokens }).map((at) => pair[at]);
        expect(kept.length).toBe(Math.min(pair.length, maxTokens));
        const cut = kept.indexOf(2);
        expect(kept.slice(1, cut)).toEqual(query.slice(0, cut - 1));
        expect(kept.slice(cut + 1, -1)).toEqual(passage.slice(0, kept.length - cut - 2));
        expect(kept.at(-1)).toBe(2);
        expect(cut - 1 === query.length || cut - 1 >= Math.floor((maxTokens - 3) / 2)).toBe(true);
      }),
    );
  });
});
