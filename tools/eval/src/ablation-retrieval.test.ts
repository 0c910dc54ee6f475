import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipelineHash } from "@footnote/core";
import { createFakeEmbedder, createScriptedModel } from "@footnote/core/testing";
import { projectedSpace } from "@footnote/embedding";
import { openTestStore } from "@footnote/storage/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createAblationResults } from "./ablation-results.ts";
import { ablateRetrieval } from "./ablation-retrieval.ts";
import { ablationVariants, baseline } from "./ablation-variants.ts";

const topics = ["boiler", "grinder", "pump", "filter", "switch", "cable"];
let folder = "";
let cache = "";
beforeAll(async () => {
  const root = await mkdtemp(join(tmpdir(), "footnote-ablation-test-"));
  folder = join(root, "made");
  cache = join(root, "results");
  await mkdir(join(folder, "qrels"), { recursive: true });
  const rows = topics.map((topic, at) => ({
    _id: `d${at}`,
    title: `The ${topic}`,
    text: `Care of the ${topic} is told here. It lasts ${at + 2} years.`,
  }));
  const queries = topics.map((topic, at) => ({ _id: `q${at}`, text: `How long does the ${topic} last?` }));
  await writeFile(join(folder, "corpus.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  await writeFile(join(folder, "queries.jsonl"), queries.map((query) => `${JSON.stringify(query)}\n`).join(""));
  await writeFile(join(folder, "qrels/test.tsv"), `query-id\tcorpus-id\tscore\n${topics.map((_, at) => `q${at}\td${at}\t1\n`).join("")}`);
});
afterAll(() => rm(join(folder, ".."), { recursive: true, force: true }));

const embedders = [
  createFakeEmbedder({ id: baseline.spec.index.space, dimensions: 384 }),
  createFakeEmbedder({ id: projectedSpace.id, dimensions: projectedSpace.dimensions }),
];
const model = createScriptedModel({
  name: "m",
  scripts: [],
  completions: [{ text: JSON.stringify({ texts: ["how many years"] }) }],
  prices: { promptUsdPerMillion: 1, completionUsdPerMillion: 1 },
});

it("measures every variant on the same questions, and goes on where it stood", { timeout: 180_000 }, async () => {
  // One of each kind: what is searched, what a model adds, and three indexes.
  const kinds = new Set(["legs", "transform", "diversity", "router", "space"]);
  const all = ablationVariants("m").filter(({ step, change }) => kinds.has(step) || change === "semantic");
  const lines: string[] = [];
  const run = (variants: typeof all, measure = true) =>
    ablateRetrieval({
      folder,
      split: "test",
      variants: [baseline, ...variants],
      embedders,
      rerankersFor: () => [],
      modelNamed: (_tenant, name) => (name === "m" ? model : undefined),
      openFreshStore: (spaces) => openTestStore("pglite", { spaces }),
      results: createAblationResults(cache),
      measure,
      limit: null,
      commit: "abc",
      log: (line) => lines.push(line),
    });
  const few = all.filter(({ step }) => step === "legs");
  const first = await run(few);
  expect([...first.keys()].toSorted()).toEqual([baseline, ...few].map(({ spec }) => pipelineHash(spec)).toSorted());
  expect(lines[0]).toMatch(/^made \(test\): reference: both legs/u);

  // What was not measured is not there when nothing is to be measured.
  expect((await run(all, false)).size).toBe(first.size);
  const found = await run(all);
  expect(found.size).toBe(all.length + 1);
  for (const { spec, change } of [baseline, ...all]) {
    const result = found.get(pipelineHash(spec));
    expect({ change, questions: Object.keys(result?.values ?? {}).length, degraded: result?.degraded }).toEqual({
      change,
      questions: 6,
      degraded: 0,
    });
    expect(result?.milliseconds).toHaveLength(6);
    // Words or their hashes suffice here: whatever is changed, the document is found.
    expect(Object.values(result?.values ?? {}).map((values) => values["recall@10"])).toEqual(topics.map(() => 1));
  }
  const hyde = all.find(({ change }) => change === "HyDE");
  expect(found.get(pipelineHash(hyde?.spec ?? baseline.spec))?.usd).toBeCloseTo(6 * 15e-6);
  // Those of an index of their own were not asked beside the reference.
  const semantic = all.find(({ change }) => change === "semantic");
  expect(found.get(pipelineHash(semantic?.spec ?? baseline.spec))).not.toHaveProperty("baselineMilliseconds");
  expect(found.get(pipelineHash(few[0]?.spec ?? baseline.spec))?.baselineMilliseconds).toHaveLength(6);
  // What an earlier call measured was kept, not measured again.
  expect(found.get(pipelineHash(baseline.spec))).toEqual(first.get(pipelineHash(baseline.spec)));
  lines.length = 0;
  expect(await run(all)).toEqual(found);
  expect(lines).toEqual([]);
});
