import { pipelines } from "@footnote/retrieval";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openTestService, type TestService } from "../testing/index.ts";

let opened: TestService;
beforeAll(async () => {
  opened = await openTestService();
});
afterAll(() => opened.close());

const own = { ...pipelines.default, name: "own" };

it("takes a pipeline that names fitted versions of this release, by the names of before too", async () => {
  const { actor } = await opened.tenant();
  const reranker = { type: "learned-linear", weights: "fusion-1", candidates: 50 } as const;
  const first = await opened.service.putPipeline(actor, { spec: own });
  expect((await opened.service.putPipeline(actor, { spec: { ...own, version: 2, reranker } })).hash).toBe(first.hash);
});

it.each([
  ["formulas", { ...own, answer: { ...own.answer, formulas: "extractive@99" } }],
  ["weights", { ...own, reranker: { type: "learned-linear", weights: "fusion@99", candidates: 50 } } as const],
])("refuses one that names %s of another release", async (_, spec) => {
  const { actor } = await opened.tenant();
  await expect(opened.service.putPipeline(actor, { spec })).rejects.toMatchObject({ code: "pipeline_incompatible" });
});
