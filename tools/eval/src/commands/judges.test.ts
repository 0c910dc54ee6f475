import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCommand } from "../program.ts";
import { fakeTerminal } from "@footnote/terminal/testing";

let shared = "";
beforeEach(async () => {
  shared = await mkdtemp(join(tmpdir(), "footnote-eval-judges-"));
});
afterEach(() => rm(shared, { recursive: true, force: true }));

async function run(...argv: string[]): Promise<{ status: number; out: string }> {
  const terminal = fakeTerminal();
  const context = { terminal, variables: { FOOTNOTE_SHARED: shared }, cwd: shared, signal: new AbortController().signal, exitCode: 0 };
  const status = await runCommand(argv, context);
  return { status, out: `${terminal.out()}${terminal.err()}` };
}

async function put(path: string, rows: readonly object[] | string): Promise<void> {
  const file = join(shared, "data/retrieval", path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, typeof rows === "string" ? rows : rows.map((row) => JSON.stringify(row)).join("\n"));
}

const texts = [
  ["Rivers", "The Otter flows through Ambleford. It was bridged in 1871 by Nora Quill. The bridge is 90 metres long."],
  ["Rivers", "The Heron is a river in the north. Nobody has ever bridged it. Its source is a lake called Tarn."],
  ["Cheese", "Brackle is a hard cheese. It ripens for 14 months in caves. Monks of Saint Orla invented it."],
] as const;

/** A set in the form of SQuAD: of each text two questions that it answers and one that it does not. */
async function squad(): Promise<void> {
  const asked = [
    [
      ["Who bridged the Otter?", "Nora Quill"],
      ["How long is the bridge?", "90 metres"],
      ["Who bridged the Heron in 1871?", "Nora Quill"],
    ],
    [
      ["What is the source of the Heron called?", "Tarn"],
      ["Where is the Heron?", "in the north"],
      ["How long is the Heron?", "a lake"],
    ],
    [
      ["How long does Brackle ripen?", "14 months"],
      ["Who invented Brackle?", "Monks of Saint Orla"],
      ["Who sells Brackle?", "Monks"],
    ],
  ] as const;
  const paragraphs = texts.map(([title, context], p) => ({
    title,
    context,
    qas: (asked[p] ?? []).map(([question, text], q) => {
      const answers = [{ text, answer_start: context.indexOf(text) }];
      const found = { id: `${p}-${q}`, question };
      return q === 2
        ? { ...found, is_impossible: true, answers: [], plausible_answers: answers }
        : { ...found, is_impossible: false, answers };
    }),
  }));
  const articles = ["Rivers", "Cheese"].map((title) => ({ title, paragraphs: paragraphs.filter((one) => one.title === title) }));
  await put("squad-v2/dev-v2.0-half.json", JSON.stringify({ data: articles }));
  const ids = ["Rivers_0", "Rivers_1", "Cheese_0"];
  await put(
    "squad-v2/corpus.jsonl",
    texts.map(([title, text], at) => ({ _id: ids[at], title, text })),
  );
}

async function scifact(): Promise<void> {
  const row = (id: string, split: string, claim: string, evidence: object[]) => ({ id, split, claim, cited_doc_ids: ["d1"], evidence });
  const says = (label: string) => [{ doc_id: "d1", label, sentences: [0] }];
  const of = (split: string) => [
    row(`${split}1`, split, "Brackle ripens for 14 months.", says("SUPPORT")),
    row(`${split}2`, split, "Brackle ripens for 20 months.", says("CONTRADICT")),
    row(`${split}3`, split, "Rivers carry sand to the sea.", []),
    row(`${split}4`, split, "Brackle, a hard cheese, ripens in caves.", says("SUPPORT")),
  ];
  await put("scifact/claims_train_dev_with_evidence.jsonl", [...of("train"), ...of("validation")]);
  await put("scifact/corpus.jsonl", [{ _id: "d1", title: "Brackle", text: texts[2][1] }]);
  await put("scifact/qrels/test.tsv", "query-id\tcorpus-id\tscore\nvalidation1\td1\t1\n");
}

describe("eval judges", () => {
  it("says which set is not here", async () => {
    const { status, out } = await run("judges");
    expect(out).toContain("skipped: scifact is not here");
    expect(out).toContain("skipped: squad-v2 is not here");
    expect(status).toBe(0);
    expect((await run("judges", "--fit")).out).toContain("skipped");
  });

  it("holds the judges against labels, and fits on the other rows", async () => {
    await Promise.all([squad(), scifact()]);
    const { status, out } = await run("judges");
    expect(out).toContain("SciFact, 4 pairs of the validation split, judge deterministic@");
    expect(out).toMatch(/^support\s+[12]\s/mu);
    expect(out).toMatch(/^contradict\s+0\s+0\s+1$/mu);
    expect(out).toContain("SQuAD, 3 questions of the articles for reporting");
    expect(status).toBe(0);
    const fitted = JSON.parse(
      (await run("judges", "--fit", "--json")).out.split("\n").findLast((line) => line.includes('"support"')) ?? "{}",
    );
    expect(fitted.support.rows).toBe(3);
    expect(fitted.relevance.rows).toBeGreaterThan(6);
  }, 120_000);

  it("does not fit on a test query", async () => {
    await Promise.all([squad(), scifact()]);
    await put("scifact/qrels/test.tsv", "train2\td1\t1\n");
    const { status, out } = await run("judges", "--fit");
    expect(out).toContain("is a test query");
    expect(status).not.toBe(0);
  }, 60_000);
});

describe("eval answers", () => {
  it("says that the set is not here", async () => {
    expect(await run("answers")).toMatchObject({ status: 0, out: expect.stringContaining("skipped: squad-v2 is not here") });
  });

  it("asks every question through the store and the answer path, and draws the ROC", async () => {
    await squad();
    const { out } = await run("answers", "--plot", "roc.svg", "--cache", "cache");
    expect(out).toContain("SQuAD, articles for reporting: 2 answerable and 1 unanswerable questions");
    expect(out).toContain("SQuAD, all articles: 6 answerable and 3 unanswerable questions");
    expect(out).toMatch(
      /SQuAD, articles for reporting: among the first three: 1, goal ≥ 0.9: met|among the first three: 1.0000, goal ≥ 0.9: met/u,
    );
    expect(await readFile(join(shared, "roc.svg"), "utf8")).toContain("<svg");
    // A part of the questions is held against no goal.
    expect((await run("answers", "--every", "4", "--cache", "cache")).out).not.toContain("goal");
  }, 180_000);
});
