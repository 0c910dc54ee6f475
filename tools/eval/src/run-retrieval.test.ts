import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { runRetrieval } from "./run-retrieval.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "footnote-run-"));
  await mkdir(join(folder, "set", "qrels"), { recursive: true });
  const rows = [
    { _id: "espresso", title: "Espresso machine", text: "Descale it every 90 days with citric acid." },
    { _id: "parking", title: "Parking", text: "Visitors park behind the building." },
  ];
  await writeFile(join(folder, "set", "corpus.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"));
  await writeFile(
    join(folder, "set", "queries.jsonl"),
    '{"_id":"q","text":"How regularly must limescale be removed from the coffee maker?"}',
  );
  await writeFile(join(folder, "set", "qrels", "test.tsv"), "q\tespresso\t1\n");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it("evaluates every shipped pipeline with the bundled model, and keeps embeddings where it is told to", async () => {
  const cacheDir = join(folder, "cache");
  const { report, table } = await runRetrieval({ folder: join(folder, "set"), cacheDir, log: () => {} });
  expect(report.pipelines.map(({ pipeline }) => pipeline)).toEqual(["default", "hybrid-rrf-rerank"]);
  for (const { metrics, degradedQueries } of report.pipelines) {
    expect(metrics["ndcg@10"].mean).toBe(1);
    expect(degradedQueries).toBe(0);
  }
  expect(table).toMatch(/^set \(test\): 2 documents, 2 chunks, 1 queries/u);
  expect(await readdir(cacheDir)).toHaveLength(1);
});

it("names the pipelines that exist when asked for another", async () => {
  const unknown = runRetrieval({ folder: join(folder, "set"), pipelineNames: ["best"], log: () => {} });
  await expect(unknown).rejects.toMatchObject({ code: "pipeline_unknown", message: expect.stringContaining("default, hybrid-rrf-rerank") });
});
