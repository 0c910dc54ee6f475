import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { runFootnote } from "./testing/run-footnote.ts";

it.each([
  ["search", "tea", "--limit", "1e1"],
  ["search", "tea", "--limit", "51"],
  ["serve", "--port", "80x"],
  ["serve", "--port", "-1"],
  ["eval", "run", "questions.jsonl", "--collection", "c", "--limit", "10abc"],
  ["eval", "run", "questions.jsonl", "--collection", "c", "--concurrency", "0x2"],
  ["eval", "show", "run_x", "--metric", "mrr", "--below", "1e-1"],
  ["eval", "bootstrap", "--passages", " 5"],
])("checks numbers before anything is done: %s %s %s %s", async (...argv) => {
  const dataDir = await mkdtemp(join(tmpdir(), "footnote-numbers-"));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  expect(await runFootnote(argv, { dataDir, cwd: dataDir })).toMatchObject({
    code: 2,
    err: expect.stringMatching(/Give a (whole )?number/u),
  });
});
