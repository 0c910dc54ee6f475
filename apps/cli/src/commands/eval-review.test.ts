import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { type ProposedCase, readProposals, writeProposals } from "@footnote/evaluation/proposals";
import { afterEach, beforeEach, expect, it } from "vitest";
import { runCommand } from "../program.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "footnote-review-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const proposal = (id: string, change: Partial<ProposedCase["case"]> = {}): ProposedCase => ({
  reviewed: false,
  origin: { type: "template", template: "number" },
  case: {
    id,
    question: `How many ${id}?`,
    answerable: true,
    tags: ["single-fact"],
    split: "test",
    referenceAnswer: `Nine ${id}.`,
    spans: [{ document: "a.md", quote: `Nine ${id}.` }],
    ...change,
  },
});

/** Types the next line whenever something is asked; null closes the input. */
async function review(proposals: ProposedCase[], typed: (string | null)[]) {
  const path = join(folder, "p.jsonl");
  await writeFile(path, writeProposals(proposals));
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  let out = "";
  const stream = () =>
    Object.assign(
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          out += chunk.toString();
          if (chunk.toString().endsWith(": ")) {
            const line = typed.shift();
            if (line === null || line === undefined) stdin.end();
            else stdin.write(`${line}\n`);
          }
          done();
        },
      }),
      { columns: 200 },
    );
  const terminal = { stdin, stdout: stream(), stderr: stream() };
  const context = { terminal, variables: {}, cwd: folder, signal: new AbortController().signal, exitCode: 0 };
  const code = await runCommand(["eval", "review", "p.jsonl"], context);
  return { code, out, left: readProposals(await readFile(path, "utf8")) };
}

it("accepts, rejects, skips and stops, and keeps every decision", async () => {
  const four = ["jars", "bowls", "cups", "lids"].map((id) => proposal(id));
  const { code, out, left } = await review(four, ["a", "r", "what?", "s", "q"]);
  expect(left.map(({ reviewed, case: { id } }) => [id, reviewed])).toEqual([
    ["jars", true],
    ["cups", false],
    ["lids", false],
  ]);
  expect(out).toContain("[1/4] jars (template: number, test, single-fact)");
  expect(out).toContain("a.md: “Nine jars.”");
  expect(out).toContain("3 cases, 1 reviewed, 2 to go; now 1 accepted, 1 rejected");
  expect(code).toBe(3);
});

it("asks only for what nobody has reviewed", async () => {
  const { code, out, left } = await review([{ ...proposal("jars"), reviewed: true }, proposal("bowls")], ["a"]);
  expect(out).not.toContain("How many jars?");
  expect(left.every(({ reviewed }) => reviewed)).toBe(true);
  expect(code).toBe(0);
});

it("edits a question, its answer and its tags before it is accepted", async () => {
  const { left } = await review([proposal("jars")], ["e", "How many jars fit?", "", "Nine.", "table, paraphrase", "a"]);
  expect(left[0]).toMatchObject({
    reviewed: true,
    case: { question: "How many jars fit?", referenceAnswer: "Nine.", tags: ["table", "paraphrase"] },
  });
  const kept = await review([proposal("jars")], ["e", "", "", "", "", "a"]);
  expect(kept.left[0]?.case).toEqual(proposal("jars").case);
});

it("turns an answerable question into an unanswerable one and back", async () => {
  const { left } = await review([proposal("jars")], ["e", "", "n", "", "a"]);
  expect(left[0]?.case).toMatchObject({ answerable: false, spans: [], tags: ["unanswerable", "single-fact"] });
  expect(left[0]?.case.referenceAnswer).toBeUndefined();
  const back = await review([proposal("jars", { answerable: false, spans: [], tags: ["unanswerable"] })], ["e", "", "y", "Nine.", "", "a"]);
  expect(back.left[0]?.case).toMatchObject({ answerable: true, tags: ["single-fact"], referenceAnswer: "Nine." });
});

it("does not accept what says neither where nor what, and shows what people said", async () => {
  const unfinished: ProposedCase = {
    reviewed: false,
    origin: { type: "feedback", answerId: "ans_1", votes: 2, reason: "incorrect", comment: "It is ten." },
    case: { id: "f", question: "How many?", history: ["Are there jars?"], answerable: true, tags: ["feedback"], split: "test", spans: [] },
  };
  const { code, out, left } = await review([unfinished], ["a", "q"]);
  expect(out).toContain("f is answerable and says neither where nor what");
  expect(out).toContain("before    Are there jars?");
  expect(out).toContain("feedback  incorrect: It is ten.");
  expect(left).toEqual([unfinished]);
  expect(code).toBe(3);
});

it.each([[[null]], [["e", null]], [["e", "", null]], [["e", "", "", null]], [["e", "", "", "", null]]])(
  "stops at the end of the input (%j)",
  async (typed) => {
    const { code, left } = await review([proposal("jars")], typed);
    expect(left).toEqual([proposal("jars")]);
    expect(code).toBe(3);
  },
);
