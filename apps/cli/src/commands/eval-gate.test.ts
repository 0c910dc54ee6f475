import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipelines } from "@footnote/retrieval";
import { composeRuntime, type RunningApi, type Runtime, startApi } from "@footnote/server/compose";
import { openDataFolder } from "@footnote/server/data-folder";
import { readEnvironment } from "@footnote/server/env";
import { openParts } from "@footnote/server/parts";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runFootnote } from "../testing/run-footnote.ts";

/** `default`, but for what it asks of an answer: it answers where nothing is known. */
const eager = { ...pipelines.default, name: "eager", answer: { ...pipelines.default.answer, minSupport: 0 } };

let root = "";
let runtime: Runtime | undefined;
let api: RunningApi | undefined;
let variables: Record<string, string> = {};
const footnote = (argv: readonly string[]) => runFootnote(argv, { cwd: root, variables });

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "footnote-eval-gate-"));
  await writeFile(join(root, "kettle.md"), "# Kettle\n\nThe kettle holds 2.5 litres. Descale the kettle every 30 days with citric acid.\n");
  const env = readEnvironment({ variables: { FOOTNOTE_PORT: "0", FOOTNOTE_LOG_LEVEL: "silent" }, folder: root });
  const parts = await openParts({ env, folder: await openDataFolder(join(root, "data")) });
  runtime = await composeRuntime({ ...parts, pipelines: [...parts.pipelines, eager] });
  await runtime.worker.start();
  const { key } = await runtime.credentials();
  api = await startApi(runtime, env);
  variables = { FOOTNOTE_URL: api.url, FOOTNOTE_KEY: key };
}, 120_000);
afterAll(async () => {
  await api?.drain({ graceMs: 1000 });
  await runtime?.close({ graceMs: 1000 });
  await rm(root, { recursive: true, force: true });
});

it("ends with 1 where a run is worse than the one before, and with 0 the other way round", async () => {
  expect((await footnote(["ingest", "kettle.md", "--collection", "kitchen"])).code).toBe(0);
  const kings = Array.from({ length: 24 }, (_, at) => ({
    id: `king-${at}`,
    question: `Who was king number ${at} of Denmark?`,
    answerable: false,
    tags: ["unanswerable"],
    spans: [],
  }));
  // An answer on both sides: a metric that has no value any more fails the gate as well.
  const spans = [{ document: "kettle.md", quote: "2.5 litres" }];
  const cases = [...kings, { id: "volume", question: "How much does the kettle hold?", answerable: true, tags: ["number"], spans }];
  await writeFile(join(root, "kings.jsonl"), cases.map((one) => `${JSON.stringify(one)}\n`).join(""));
  expect((await footnote(["eval", "upload", "kings.jsonl", "--collection", "kitchen"])).code).toBe(0);
  const start = async (...argv: string[]) => /^run_\w+/mu.exec((await footnote(["eval", "start", "kings", ...argv])).out)?.[0] ?? "";
  const [before, after] = [await start(), await start("--pipeline", "eager")];

  const worse = await footnote(["eval", "gate", after, "--baseline", before]);
  expect([worse.code, worse.err]).toEqual([1, ""]);
  expect(worse.out).toMatch(/^gate: FAILED, 2 reasons$/mu);
  expect(worse.out).toMatch(/abstention over 24 questions tagged unanswerable fell from 1\.000 to 0\.000/u);
  const [report] = (await footnote(["eval", "gate", after, "--baseline", before, "--json"])).lines();
  expect(report).toMatchObject({
    verdict: "failed",
    comparisons: expect.arrayContaining([expect.objectContaining({ metric: "abstention", slice: "all", regressed: true })]),
  });

  const better = await footnote(["eval", "gate", before, "--baseline", after]);
  expect([better.code, better.err]).toEqual([0, ""]);
  expect(better.out).toMatch(/^gate: passed$/mu);
}, 120_000);
