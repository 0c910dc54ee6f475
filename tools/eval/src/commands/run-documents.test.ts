import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { runCommand } from "../program.ts";
import { fakeTerminal } from "@footnote/terminal/testing";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "footnote-eval-own-"));
  await mkdir(join(folder, "documents"));
  await writeFile(join(folder, "documents", "tea.md"), "# Tea\n\nTea is served at five in the garden room.\n");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function run(...argv: string[]): Promise<{ status: number; out: string; err: string }> {
  const terminal = fakeTerminal();
  const context = { terminal, variables: {}, cwd: folder, signal: new AbortController().signal, exitCode: 0 };
  const status = await runCommand(["run", ...argv], context);
  return { status, out: terminal.out(), err: terminal.err() };
}

it("asks cases about the files of a folder in a store of their own", async () => {
  const row = { id: "a", question: "When is tea served?", answerable: true, tags: ["single-fact"] };
  await writeFile(
    join(folder, "own.jsonl"),
    JSON.stringify({ ...row, spans: [{ document: "tea.md", quote: "Tea is served at five in the garden room." }] }),
  );
  const { status, out, err } = await run("own.jsonl", "--documents", "documents");
  expect({ status, err }).toMatchObject({ status: 0 });
  expect(out).toMatch(/^own\.jsonl \(test\), 1 questions, pipeline default$/mu);
  expect(out).toMatch(/^all +recall@10 +1\.000/mu);
}, 180_000);

it("wants one thing that the cases are about", async () => {
  expect(await run("--documents", "documents")).toMatchObject({ status: 2, err: expect.stringContaining("--documents needs a dataset") });
  await writeFile(join(folder, "own.jsonl"), "");
  // Said at once: nothing is read into a store first.
  expect(await run("own.jsonl")).toEqual({
    status: 2,
    out: "",
    err: expect.stringMatching(/^error: A dataset of your own needs --documents/u),
  });
  expect(await run("absent.jsonl", "--documents", "documents")).toMatchObject({
    status: 1,
    err: expect.stringContaining("cannot be read"),
  });
  expect(await run("own.jsonl", "--documents", "documents", "--pipeline", "nice")).toMatchObject({
    status: 1,
    err: "There is no pipeline of this name; known are default, hybrid-rrf-rerank.\n",
  });
});
