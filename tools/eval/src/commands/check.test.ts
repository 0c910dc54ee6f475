import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCommand } from "../program.ts";
import { fakeTerminal } from "@footnote/terminal/testing";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "footnote-eval-check-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function run(...argv: string[]): Promise<{ status: number; out: string; err: string }> {
  const terminal = fakeTerminal();
  const context = { terminal, variables: {}, cwd: folder, signal: new AbortController().signal, exitCode: 0 };
  const status = await runCommand(["check", ...argv], context);
  return { status, out: terminal.out(), err: terminal.err() };
}

interface Report {
  name: string;
  questions: number;
  problems: string[];
  tags: { tag: string; train: number; test: number }[];
}

describe("eval check", () => {
  it("finds the committed sets sound, and as large as promised", async () => {
    const { status, out } = await run("--json");
    const reports = out
      .trim()
      .split("\n")
      .map((line): Report => JSON.parse(line));
    expect(reports.flatMap(({ problems }) => problems)).toEqual([]);
    expect(status).toBe(0);
    const [handbook, multilingual] = reports;
    expect(handbook?.questions).toBeGreaterThanOrEqual(120);
    expect(multilingual?.questions).toBeGreaterThanOrEqual(40);
    const counts = new Map(handbook?.tags.map(({ tag, train, test }) => [tag, train + test]));
    expect(counts.get("unanswerable")).toBeGreaterThanOrEqual(25);
    const kinds = ["single-fact", "multi-hop", "table", "comparison", "version-conflict", "negation", "typo", "paraphrase"];
    const rare = [...kinds, "adversarial", "follow-up", "other-language"].filter((tag) => (counts.get(tag) ?? 0) < 10);
    expect(rare).toEqual([]);
  }, 120_000);

  it("checks a set of one's own, and fails where it is not sound", async () => {
    await mkdir(join(folder, "documents"));
    await writeFile(join(folder, "documents", "tea.md"), "# Tea\n\nTea is served at **five**.\n");
    const row = { id: "a", question: "When is tea?", answerable: true, tags: ["single-fact"], referenceAnswer: "At five." };
    const write = (quote: string) =>
      writeFile(join(folder, "own.jsonl"), JSON.stringify({ ...row, spans: [{ document: "tea.md", quote }] }));
    // As the parser reads it: without the mark-up.
    await write("Tea is served at five.");
    const good = await run("own.jsonl", "--documents", "documents");
    expect(good.out).toContain("own.jsonl: 1 questions (0 train, 1 test; 1 answerable), 1 of 1 documents asked about");
    expect(good.out).toMatch(/^ {2}sound$/mu);
    expect(good.status).toBe(0);
    await write("Tea is served at **five**.");
    const bad = await run("own.jsonl", "--documents", "documents");
    expect(bad.out).toContain("PROBLEM a: the quote of span 1 does not stand exactly once in tea.md.");
    expect(bad.status).toBe(1);
  });

  it("says what is missing", async () => {
    expect(await run("own.jsonl")).toMatchObject({ status: 2, err: expect.stringContaining("needs --documents") });
    await mkdir(join(folder, "documents"));
    const absent = await run("own.jsonl", "--documents", "documents");
    expect(absent).toMatchObject({ status: 1, err: expect.stringContaining("cannot be read; name a file") });
    await writeFile(join(folder, "own.jsonl"), "");
    const empty = await run("own.jsonl", "--documents", "documents");
    expect(empty).toMatchObject({ status: 1, err: expect.stringContaining("own.jsonl has no case") });
    expect(await run("--documents", "documents")).toMatchObject({ status: 2, err: expect.stringContaining("--documents needs a dataset") });
    const row = { id: "a", question: "When is tea?", answerable: false, tags: ["unanswerable"], spans: [] };
    await writeFile(join(folder, "own.jsonl"), JSON.stringify(row));
    await writeFile(join(folder, "documents", "photo.bin"), Buffer.from([0, 1, 2, 255]));
    const unparsable = await run("own.jsonl", "--documents", "documents");
    expect(unparsable).toMatchObject({ status: 1, err: expect.stringContaining("photo.bin cannot be parsed") });
  });
});
