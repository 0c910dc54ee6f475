import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRunFile } from "@footnote/evaluation/runs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runFootnote, startFootnote } from "../testing/run-footnote.ts";

let root = "";
let dataDir = "";
let server: Awaited<ReturnType<typeof startFootnote>> | undefined;
const footnote = (argv: readonly string[]) => runFootnote(argv, { dataDir, cwd: root });
const line = (row: object) => `${JSON.stringify(row)}\n`;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "footnote-eval-stored-"));
  dataDir = join(root, "data");
  await writeFile(join(root, "kettle.md"), "# Kettle\n\nThe kettle holds 2.5 litres. Descale the kettle every 30 days with citric acid.\n");
  const cases = [
    {
      id: "volume",
      question: "How much does the kettle hold?",
      answerable: true,
      tags: ["number"],
      spans: [{ document: "kettle.md", quote: "2.5 litres" }],
    },
    {
      id: "descale",
      question: "How often is the kettle descaled?",
      answerable: true,
      tags: ["number"],
      spans: [{ document: "kettle.md", quote: "every 30 days" }],
      history: ["What is a kettle?"],
    },
    { id: "king", question: "Who was the first king of Denmark?", answerable: false, tags: ["unanswerable"], spans: [] },
  ];
  await writeFile(join(root, "Kettle.jsonl"), cases.map(line).join(""));
  const rows = [
    {
      user_input: "What melts at 232 degrees?",
      reference: "Tin melts at 232 degrees.",
      reference_contexts: ["Tin melts at 232 degrees Celsius."],
    },
  ];
  await writeFile(join(root, "ragas.jsonl"), rows.map(line).join(""));
  // A command that finds a server is done in a moment; without one each opens the store.
  server = await startFootnote(["serve"], { dataDir, cwd: root, until: /http:/u });
  const ingested = await footnote(["ingest", "kettle.md", "--collection", "kitchen"]);
  if (ingested.code !== 0) throw new Error(ingested.err);
}, 120_000);
afterAll(async () => {
  await server?.stop();
  await rm(root, { recursive: true, force: true });
});

describe("stored evaluations", () => {
  it("are uploaded, asked by a job, listed and shown", async () => {
    const uploaded = await footnote(["eval", "upload", "Kettle.jsonl", "--collection", "kitchen"]);
    expect(uploaded).toMatchObject({ code: 0, out: "kettle: 3 cases about kitchen\n" });
    const started = await footnote(["eval", "start", "kettle"]);
    expect(started.err).not.toContain("ended as");
    expect(started.code).toBe(0);
    expect(started.out).toMatch(/kettle \(test\), pipeline default: succeeded, 3 of 3 questions$/mu);
    expect(started.out).toMatch(/^all +recall@5 +1\.000 +\[1\.000, 1\.000\] +2$/mu);
    expect(started.out).toMatch(/^judged by deterministic@/mu);
    const [id = ""] = /run_\w+/u.exec((await footnote(["eval", "runs", "--dataset", "kettle"])).out) ?? [];
    const shown = await footnote(["eval", "show", id, "--tag", "number", "--metric", "gold-first"]);
    expect(shown.out).toMatch(
      /^volume {2}gold-first 1\.000 {2}How much does the kettle hold\?\n {2}The kettle holds 2\.5 litres\. \[1\]\n {2}\[kettle\.md \d+–\d+\]$/mu,
    );
    expect(shown.out).not.toContain("king");
    const none = await footnote(["eval", "show", id, "--tag", "nobody-has-it"]);
    expect([none.code, none.err]).toEqual([0, expect.stringContaining("No question of this run is so")]);
    const lines = (await footnote(["eval", "show", id, "--json"])).lines();
    expect(lines).toHaveLength(4);
    expect(lines[3]).toMatchObject({ case: { id: "king" }, metrics: { abstention: 1, "recall@5": null } });
  }, 240_000);

  it("bring their contexts along from a ragas file", async () => {
    const uploaded = await footnote(["eval", "upload", "ragas.jsonl", "--collection", "kitchen", "--format", "ragas", "--name", "metals"]);
    expect(uploaded).toMatchObject({ code: 0, out: "metals: 1 cases about kitchen\n" });
    const detached = await footnote(["eval", "start", "metals", "--detach"]);
    expect(detached.out).toMatch(/^run_\w+\n$/u);
    const show = () => footnote(["eval", "show", detached.out.trim()]);
    await expect.poll(async () => (await show()).out, { timeout: 60_000 }).toMatch(/^all +recall@5 +1\.000/mu);
  }, 120_000);

  it("are the same that eval run asks over the collection, keeps in a file and does not ask again", async () => {
    const argv = ["eval", "run", "Kettle.jsonl", "--collection", "kitchen", "--limit", "2", "--out", "run.jsonl", "--cache", "cache"];
    const first = await footnote(argv);
    expect(first.out).toMatch(/^Kettle\.jsonl \(test\), 2 questions, pipeline default$/mu);
    expect(first.out).toMatch(/^all +gold-first +1\.000 +\[1\.000, 1\.000\] +2$/mu);
    const again = await footnote([...argv, "--json"]);
    const { id } = await readRunFile(join(root, "run.jsonl"));
    expect(again.lines().at(-1)).toMatchObject({
      id,
      questions: 2,
      judges: expect.arrayContaining([expect.stringMatching(/^deterministic@\d+$/u)]),
    });
    expect(await footnote(["eval", "run", "--collection", "kitchen"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("missing required argument 'dataset'"),
    });
    expect((await footnote(["eval", "run", "--limit", "none"])).code).toBe(2);
  }, 120_000);

  it("say in a sentence what is wrong", async () => {
    const failing: [string[], RegExp][] = [
      [["upload", "absent.jsonl"], /absent\.jsonl cannot be read/u],
      [["upload", "Kettle.jsonl", "--collection", "none"], /no collection none/u],
      [["upload", "kettle.md", "--collection", "kitchen"], /Line 1 of kettle\.md is not a JSON object/u],
      [["start", "none"], /no dataset none here; store one with footnote eval upload/u],
      [["show", "run_x"], /no run run_x here; footnote eval runs lists them/u],
      [["runs", "--dataset", "never"], /no dataset never here; store one with footnote eval upload/u],
      [["start", "kettle", "--pipeline", "nice"], /no pipeline of this name; known are default, hybrid-rrf-rerank\.$/mu],
      [["run", "Kettle.jsonl", "-c", "kitchen", "--pipeline", "nice"], /no pipeline nice; known are default, hybrid-rrf-rerank\.$/mu],
    ];
    for (const [argv, message] of failing) {
      const { code, err } = await footnote(["eval", ...argv]);
      expect([argv, code, err]).toEqual([argv, 1, expect.stringMatching(message)]);
    }
    const unsaid = await footnote(["eval", "show", "run_x", "--below", "0.5"]);
    expect([unsaid.code, unsaid.err]).toEqual([2, expect.stringMatching(/^error: --below needs --metric/u)]);
    await footnote(["eval", "upload", "Kettle.jsonl", "--collection", "kitchen", "--name", "unasked"]);
    expect((await footnote(["eval", "runs", "--dataset", "unasked"])).out).toBe(
      "There are no runs of unasked; begin one with footnote eval start unasked.\n",
    );
  }, 120_000);

  it("are held against each other by eval gate, where their questions are the same", async () => {
    const cases = (answerable: boolean, split: string) =>
      Array.from({ length: 24 }, (_row, at) => ({
        id: `${split}-${at}`,
        question: answerable ? "How much does the kettle hold?" : `Who was king number ${at} of Denmark?`,
        answerable,
        tags: ["gated"],
        split,
        spans: answerable ? [{ document: "kettle.md", quote: "2.5 litres" }] : [],
      }));
    await writeFile(join(root, "gated.jsonl"), [...cases(true, "test"), ...cases(false, "train")].map(line).join(""));
    expect((await footnote(["eval", "upload", "gated.jsonl", "--collection", "kitchen"])).code).toBe(0);
    const start = async (...argv: string[]) => /^run_\w+/mu.exec((await footnote(["eval", "start", "gated", ...argv])).out)?.[0] ?? "";
    const [before, after, other] = [await start(), await start("--pipeline", "hybrid-rrf-rerank"), await start("--split", "train")];
    const same = await footnote(["eval", "gate", after, "--baseline", before]);
    expect([same.code, same.err]).toEqual([0, ""]);
    expect(same.out).toMatch(/gate: passed$/mu);
    expect(same.out).not.toContain("NaN");
    expect(await footnote(["eval", "gate", other, "--baseline", before])).toMatchObject({
      code: 1,
      err: expect.stringContaining("The two runs have other questions, so they cannot be compared"),
    });
    expect(await footnote(["eval", "gate", "run_absent", "--baseline", before])).toMatchObject({
      code: 1,
      err: expect.stringContaining("There is no run run_absent here"),
    });
    expect(await footnote(["eval", "gate", after])).toMatchObject({ code: 2 });
  }, 120_000);
});
