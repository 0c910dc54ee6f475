import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProgram, runCommand } from "./program.ts";
import { fakeTerminal } from "@footnote/terminal/testing";

// Twenty seconds on an idle machine; the limits below are for one that is shared.
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "footnote-eval-command-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function run(...argv: string[]): Promise<{ status: number; out: string; err: string }> {
  const terminal = fakeTerminal();
  const variables = { FOOTNOTE_SHARED: join(folder, "absent") };
  const context = { terminal, variables, cwd: folder, signal: new AbortController().signal, exitCode: 0 };
  const status = await runCommand(argv, context);
  return { status, out: terminal.out(), err: terminal.err() };
}

describe("eval handbook", () => {
  it("answers the golden set over the sample documents as well as promised", async () => {
    const { status, out, err } = await run("handbook");
    expect(out).toMatch(/^handbook: 25 documents, 40 questions, pipeline default$/mu);
    expect(out).not.toContain("NOT MET");
    expect(status, `${out}${err}`).toBe(0);
    // What is wrong stands there with its question and answer.
    const right = Number(/right span (\d+) of 32/u.exec(out)?.[1]);
    const abstained = Number(/abstained (\d+) of 8/u.exec(out)?.[1]);
    expect(err.match(/^hb-\d+ /gmu) ?? []).toHaveLength(40 - right - abstained);
  }, 240_000);
});

describe("eval retrieval", () => {
  /** A set of two rows; its name decides about the goal. */
  async function set(name: string, relevant: string): Promise<string> {
    await mkdir(join(folder, name, "qrels"), { recursive: true });
    const rows = [
      { _id: "espresso", title: "Espresso machine", text: "Descale it every 90 days with citric acid." },
      { _id: "parking", title: "Parking", text: "Visitors park behind the building." },
    ];
    await writeFile(join(folder, name, "corpus.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"));
    await writeFile(join(folder, name, "queries.jsonl"), '{"_id":"q","text":"How often is the espresso machine descaled?"}');
    await writeFile(join(folder, name, "qrels", "test.tsv"), `q\t${relevant}\t1\n`);
    return name;
  }

  it("prints a table for each folder, holds known sets against their goals, and passes over absent folders", async () => {
    const good = await run("retrieval", await set("scifact", "espresso"), "absent", "--pipelines", "default");
    expect(good.out).toMatch(/^scifact \(test\): 2 documents, 2 chunks, 1 queries/mu);
    expect(good.out).toContain("nDCG@10 of default on scifact: 1.0000, goal ≥ 0.75: met");
    expect(good.out).toContain("skipped: absent is not here");
    expect(good.status).toBe(0);
    const bad = await run("retrieval", await set("product-docs", "parking"), "--pipelines", "default", "--json");
    expect(JSON.parse(bad.out)).toMatchObject({ dataset: "product-docs", goals: [{ goal: 0.81, met: false }] });
    expect(bad.status).toBe(1);
  }, 180_000);

  it("fails when no folder is there, and refuses a limit that is no number", async () => {
    expect(await run("retrieval", "absent")).toMatchObject({ status: 1, err: expect.stringContaining("nothing was measured") });
    expect(await run("retrieval", "absent", "--limit", "some")).toMatchObject({ status: 2 });
  });
});

describe("eval extraction", () => {
  it("always measures the clean-up of the sample PDFs, and names what it passes over", async () => {
    const { status, out } = await run("extraction");
    expect(out).toMatch(/clean-up of the sample PDFs, the least of both F1: \S+, goal ≥ 0.98: met/u);
    expect(out).toMatch(/skipped: html: data\/documents\/article-extraction is not here; set FOOTNOTE_SHARED/u);
    expect(out).toMatch(/skipped: pdf: /u);
    expect(status).toBe(0);
    const one = await run("extraction", "--part", "html", "--json");
    expect(JSON.parse(one.out)).toEqual({ skipped: [{ part: "html", reason: expect.any(String) }], goals: [] });
    expect(await run("extraction", "--part", "docx")).toMatchObject({ status: 2 });
  });
});

describe("eval chunking", () => {
  it("measures the strategies that are named on a folder", async () => {
    await mkdir(join(folder, "set", "corpora"), { recursive: true });
    await writeFile(join(folder, "set", "corpora", "machine.md"), "Descale it every 90 days.\n\nVisitors park behind the building.\n");
    const references = '"[{""content"": ""every 90 days"", ""start_index"": 11, ""end_index"": 24}]"';
    await writeFile(join(folder, "set", "questions_df.csv"), `question,references,corpus_id\nWhen?,${references},machine\n`);
    const { status, out } = await run("chunking", "set", "--strategies", "recursive", "--cache", "kept");
    expect(out).toMatch(/^recursive 200 overlap 0 +1 chunks .* recall 100\.0 %/mu);
    expect(out).not.toContain("structure");
    expect(status).toBe(0);
    expect(await run("chunking", "set", "--strategies", "best")).toMatchObject({ status: 1, err: expect.stringContaining("structure") });
  });

  it("says what is missing without the shared folder", async () => {
    expect(await run("chunking")).toMatchObject({
      status: 0,
      out: expect.stringContaining("skipped: data/retrieval/chunking-eval is not here"),
    });
  });
});

it("says in its help what each evaluation needs and how it ends", async () => {
  for (const argv of [[], ["retrieval"], ["extraction"], ["chunking"], ["handbook"]]) {
    const { status, out } = await run(...argv, "--help");
    expect(status).toBe(0);
    expect(out).toContain("Exit status: 0");
    // An evaluation has a store of its own.
    expect(out).not.toContain("--data-dir");
  }
});

it("has every evaluation that the documentation names, and the contributors' page names every one", async () => {
  const program = createProgram({ terminal: fakeTerminal(), variables: {}, cwd: "/", signal: new AbortController().signal, exitCode: 0 });
  const known = program.commands.map((command) => command.name());
  const checkout = join(import.meta.dirname, "../../..");
  const figures = (await readdir(join(checkout, "docs/quality")))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/quality/${name}`);
  const pages = ["README.md", "AGENTS.md", "evals/README.md", "docs/evaluation.md", "docs/quality.md", ...figures];
  const texts = await Promise.all(pages.map((page) => readFile(join(checkout, page), "utf8")));
  const named = texts.join("\n").matchAll(/pnpm eval ([a-z][a-z-]+)/gu);
  const absent = [...named].map(([, name = ""]) => name).filter((name) => !known.includes(name));
  expect(absent).toEqual([]);
  const table = (texts[1] ?? "").split("\n").filter((line) => line.startsWith("| `pnpm eval "));
  expect(known.filter((name) => !table.some((line) => new RegExp(`[ \\x60<|]${name}(?![a-z-])`, "u").test(line)))).toEqual([]);
});
