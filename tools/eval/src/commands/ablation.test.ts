import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { runCommandLine } from "@footnote/terminal/testing";
import { runCommand } from "../program.ts";

it("names the sets that it takes in its help, and refuses others before it measures", async () => {
  const cwd = await mkdtemp(join(tmpdir(), "footnote-ablation-"));
  onTestFinished(() => rm(cwd, { recursive: true }));
  const help = (await runCommandLine(runCommand, ["ablation", "--help"])).out.replace(/\s+/gu, " ");
  expect(help).toContain("product-docs, code-chunks, cranfield, handbook (the golden set); with --full also scifact, squad-v2");
  const refused = await runCommandLine(runCommand, ["ablation", "--no-write", "--sets", "cranfield,scifakt"], { cwd });
  expect([refused.code, refused.err]).toEqual([2, expect.stringContaining("There is no set scifakt; name some of product-docs,")]);
});
