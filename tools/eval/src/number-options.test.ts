import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommandLine } from "@footnote/terminal/testing";
import { expect, it, onTestFinished } from "vitest";
import { runCommand } from "./program.ts";

it.each([
  ["run", "--limit", "10abc"],
  ["run", "--concurrency", "0x2"],
  ["ablation", "--limit", "-3"],
  ["answers", "--every", "2.0"],
  ["fit-fusion", "--l2", "1e0"],
  ["power", "--trials", "1e2"],
  ["retrieval", "folder", "--limit", "+4"],
])("checks numbers before anything is done: %s %s %s %s", async (...argv) => {
  const dataDir = await mkdtemp(join(tmpdir(), "footnote-numbers-"));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  expect(await runCommandLine(runCommand, argv, { dataDir, cwd: dataDir })).toMatchObject({
    code: 2,
    err: expect.stringMatching(/Give a (whole )?number/u),
  });
});
