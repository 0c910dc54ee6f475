import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createOpenAiServer } from "@footnote/core/testing/openai-server";
import { readEvalCases } from "@footnote/evaluation";
import { readProposals, writeProposals } from "@footnote/evaluation/proposals";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { connect } from "../connection.ts";
import { openDataFolder } from "@footnote/server/data-folder";
import { readEnvironment } from "@footnote/server/env";
import { runFootnote } from "../testing/run-footnote.ts";
import type { RunOptions } from "@footnote/terminal/testing";

let root = "";
const footnote = (argv: string[], options: RunOptions = {}) => runFootnote(argv, { dataDir: join(root, "data"), cwd: root, ...options });
const proposalsOf = async (file: string) => readProposals(await readFile(join(root, file), "utf8"));
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "footnote-bootstrap-"));
  await mkdir(join(root, "docs"));
  await writeFile(
    join(root, "docs", "kiln.md"),
    "# Kiln\n\nA full load is fired for nine hours. The kiln cools for 14 hours after that.\n",
  );
  await writeFile(join(root, "docs", "prices.csv"), "Clay,Price\nStoneware,20 euros\nPorcelain,32 euros\n");
  const { code, err } = await footnote(["ingest", "docs", "--collection", "pottery"]);
  if (code !== 0) throw new Error(err);
}, 180_000);
afterAll(() => rm(root, { recursive: true }));

describe("eval bootstrap", () => {
  it("proposes by template, adds what is new, and its file is no dataset before somebody has read it", async () => {
    const first = await footnote(["eval", "bootstrap", "-c", "pottery", "--out", "p.jsonl", "--limit", "2"]);
    expect(first.err).toBe("");
    expect(first.out).toContain("2 questions about 2 documents proposed in p.jsonl: 0 by a model, 2 by template");
    const [one, two] = await proposalsOf("p.jsonl");
    const again = await footnote(["eval", "bootstrap", "-c", "pottery", "--out", "p.jsonl", "--json"]);
    expect(again.lines().at(-1)).toMatchObject({ proposed: 2, byModel: 0, documents: 2, more: false, model: null });
    const all = await proposalsOf("p.jsonl");
    expect(all.slice(0, 2)).toEqual([one, two]);
    expect(all.map(({ case: { question } }) => question).toSorted()).toEqual([
      "A full load is fired for how many hours?",
      "The kiln cools for how many hours after that?",
      "What is the price of Porcelain?",
      "What is the price of Stoneware?",
    ]);
    const refused = await footnote(["eval", "run", "p.jsonl", "-c", "pottery"]);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("a proposal that nobody has reviewed") });
  }, 180_000);

  it("lets a configured model write, and keeps only what it copied exactly", async () => {
    const quote = "The kiln cools for 14 hours after that.";
    const written = [
      { kind: "single-fact", question: "How long must I wait before I open the kiln?", answer: "14 hours.", quote },
      { kind: "single-fact", question: "Who sells clay?", answer: "Nobody.", quote: "Nobody sells clay." },
    ];
    const server = await createOpenAiServer({
      reply: ({ prompt }) => ({
        text: JSON.stringify({ questions: prompt.includes("fired") ? written : [] }),
        usage: { prompt_tokens: 1_000_000, completion_tokens: 0 },
      }),
    });
    onTestFinished(() => server.close());
    const variables = { MODEL_URL: server.url, MODEL_NAME: "scripted", MODEL_PROMPT_PRICE: "0.5" };
    const options = ["eval", "bootstrap", "-c", "pottery", "--out", "m.jsonl", "--limit", "3"];
    const { out, err } = await footnote(options, { variables });
    expect(err).toContain("Asking scripted");
    expect(out).toContain("1 by scripted, 2 by template");
    expect(out).toMatch(/scripted: \d passages, \d calls, 1 replies discarded, 0 passages failed, USD \d\.\d+/u);
    const asked = (await proposalsOf("m.jsonl")).find(({ origin }) => origin.type === "model");
    expect(asked?.case).toMatchObject({ referenceAnswer: "14 hours.", spans: [{ document: "kiln.md", quote }] });
    const calls = server.requests.length;
    await footnote([...options, "--no-model", "--documents", "1"], { variables });
    expect(server.requests).toHaveLength(calls);
  }, 180_000);

  it("says what is missing", async () => {
    expect(await footnote(["eval", "bootstrap", "-c", "nowhere"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("no collection nowhere"),
    });
    expect(await footnote(["eval", "bootstrap"])).toMatchObject({ code: 2 });
    await writeFile(join(root, "broken.jsonl"), "{");
    const broken = await footnote(["eval", "bootstrap", "-c", "pottery", "--out", "broken.jsonl"]);
    expect(broken).toMatchObject({ code: 1, err: expect.stringContaining("Line 1 of broken.jsonl is not a JSON object") });
    expect(await footnote(["eval", "bootstrap", "-c", "pottery", "--out", "docs"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("cannot be read"),
    });
  }, 180_000);
});

describe("eval review without a terminal", () => {
  it("counts, accepts and rejects by id, and checks what an editor left", async () => {
    await footnote(["eval", "bootstrap", "-c", "pottery", "--out", "r.jsonl", "--no-model"]);
    const counted = await footnote(["eval", "review", "r.jsonl"]);
    expect(counted).toMatchObject({ code: 3, out: expect.stringContaining("4 cases, 0 reviewed, 4 to go") });
    const ids = (await proposalsOf("r.jsonl")).map((proposal) => proposal.case.id);
    const [first = "", second = "", ...rest] = ids;
    const decided = await footnote(["eval", "review", "r.jsonl", "--accept", first, "--reject", second, "--json"]);
    expect(decided.lines()).toEqual([{ file: "r.jsonl", cases: 3, reviewed: 1, left: 2, accepted: 1, rejected: 1 }]);
    // What an editor does: one reworded, all said to be reviewed.
    const edited = (await proposalsOf("r.jsonl")).map((proposal) => ({ ...proposal, reviewed: true }));
    await writeFile(join(root, "r.jsonl"), writeProposals(edited).replace(/"question":"[^"]*"/u, '"question":"How long?"'));
    expect(await footnote(["eval", "review", "r.jsonl"])).toMatchObject({ code: 0, out: expect.stringContaining("3 reviewed, 0 to go") });
    const cases = readEvalCases(await readFile(join(root, "r.jsonl"), "utf8"));
    expect(cases.map(({ id }) => id)).toEqual([first, ...rest]);
    expect(cases[0]?.question).toBe("How long?");
    const ran = await footnote(["eval", "run", "r.jsonl", "-c", "pottery", "--split", cases[0]?.split ?? ""]);
    expect(ran.err).not.toContain("reviewed");
    expect(ran.out).toMatch(/^r\.jsonl \((?:train|test)\), \d questions/mu);
  }, 240_000);

  it("refuses what cannot be", async () => {
    const row = { id: "f", question: "Why?", answerable: true, tags: ["feedback"], split: "test", spans: [] } as const;
    await writeFile(
      join(root, "f.jsonl"),
      writeProposals([
        { reviewed: false, origin: { type: "feedback", answerId: "ans_1", votes: 1 }, case: { ...row, tags: ["feedback"], spans: [] } },
      ]),
    );
    for (const [argv, said] of [
      [["nothing.jsonl"], "There is no file nothing.jsonl"],
      [["f.jsonl", "--accept", "x"], "No proposal of f.jsonl has the id x"],
      [["f.jsonl", "--accept", "f", "--reject", "f"], "f is both accepted and rejected"],
      [["f.jsonl", "--accept", "f"], "f is answerable and says neither where nor what"],
    ] as const) {
      expect(await footnote(["eval", "review", ...argv])).toMatchObject({ code: 1, err: expect.stringContaining(said) });
    }
  });
});

describe("eval candidates", () => {
  it("lists answers that were rated down, and adds each question to a file once", async () => {
    const none = await footnote(["eval", "candidates"]);
    expect(none).toMatchObject({ code: 0, out: "", err: expect.stringContaining("Nobody has rated an answer down") });
    const env = readEnvironment({ variables: { FOOTNOTE_LOG_LEVEL: "silent" }, folder: root });
    const { client, close } = await connect({ env, folder: await openDataFolder(join(root, "data")) });
    const question = "A full load is fired for how many hours?";
    for (const asked of [question, question, "How long does the kiln cool?"]) {
      const { id } = await client.answers.create({ question: asked, collection: "pottery" });
      await client.answers.feedback(id, { rating: "down", reason: "outdated", comment: "It is ten now." });
    }
    await close();
    const listed = await footnote(["eval", "candidates", "--collection", "pottery"]);
    expect(listed.out.match(/outdated: It is ten now\./gu)).toHaveLength(3);
    const added = await footnote(["eval", "candidates", "--out", "c.jsonl", "--json"]);
    expect(added.lines()).toEqual([{ found: 3, added: 2, file: "c.jsonl" }]);
    const candidates = await proposalsOf("c.jsonl");
    expect(candidates.map(({ case: row }) => row.question).toSorted()).toEqual([question, "How long does the kiln cool?"]);
    expect(candidates.find(({ case: row }) => row.question === question)).toMatchObject({
      reviewed: false,
      origin: { type: "feedback", votes: 1, reason: "outdated" },
      case: { spans: [{ document: "kiln.md", quote: "A full load is fired for nine hours." }] },
    });
    const again = await footnote(["eval", "candidates", "--out", "c.jsonl"]);
    expect(again.out).toContain("0 new candidates in c.jsonl, 3 known already");
    expect(await footnote(["eval", "run", "c.jsonl", "-c", "pottery"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("reviewed"),
    });
    expect(await footnote(["eval", "candidates", "-c", "nowhere"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("no collection nowhere"),
    });
  }, 240_000);
});
