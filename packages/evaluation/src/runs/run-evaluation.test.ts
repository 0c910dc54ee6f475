import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { FootnoteError } from "@footnote/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EvalCase } from "../datasets/eval-case.ts";
import type { EvalTarget, TargetAnswer } from "./eval-target.ts";
import { runEvaluation, type EvaluationOptions, type RunHeader } from "./run-evaluation.ts";
import { createResultCache, createRunFile, readRunFile, writeRunFile } from "./run-file.ts";
import { formatEvalRun, summarizeEvalRun } from "./summarize-eval-run.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "footnote-run-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const text = "Clean it every 90 days. Never use vinegar. Call Ada.";
const chunk = { documentId: "doc", versionId: "ver", start: 0, end: text.length, text };
const cases: EvalCase[] = ["clean", "vinegar", "who", "follow"].map((id, index) => ({
  id,
  question: `${id}?`,
  answerable: id !== "who",
  tags: [index % 2 === 0 ? "even" : "odd"],
  split: "test",
  spans: id === "who" ? [] : [{ document: "manual.md", quote: id === "vinegar" ? "Never use vinegar." : "every 90 days" }],
  ...(id === "follow" ? { history: ["clean?"], language: "de" } : {}),
}));

/** Cites the first sentence, says nothing to "who?"; counts what it was asked. */
function scripted(changes: Partial<EvalTarget> = {}): EvalTarget & { asked: string[] } {
  const asked: string[] = [];
  return {
    pipeline: "default",
    pipelineHash: "h",
    corpus: "c",
    asked,
    async ask({ question, history }): Promise<TargetAnswer> {
      asked.push([...history, question].join(" → "));
      const abstains = question === "who?";
      const quote = text.slice(0, 23);
      return {
        text: abstains ? "Nothing says so." : quote,
        finishReason: abstains ? "unsupported" : "stop",
        citations: abstains
          ? []
          : [
              {
                answerSpan: { start: 0, end: quote.length },
                sourceSpan: { start: 0, end: 23 },
                quote,
                verification: "exact",
                source: { documentId: "doc", versionId: "ver" },
              },
            ],
        claims: abstains ? [] : [{ answerSpan: { start: 0, end: quote.length }, support: "supported" }],
        sources: [{ chunk }],
        cost: { total: 0.25 },
        degraded: question === "clean?" ? [{ step: "dense", reason: "timeout" }] : [],
      };
    },
    search: async ({ limit }) => ({ hits: Array.from({ length: limit > 0 ? 1 : 0 }, () => ({ chunk })) }),
    readVersion: async () => ({ externalId: "manual.md", text }),
    readDocument: async ({ externalId }) => (externalId === "manual.md" ? text : null),
    ...changes,
  };
}
const run = (changes: Partial<EvaluationOptions> = {}) =>
  runEvaluation({ dataset: { name: "manual", cases }, split: "test", target: scripted(), judges: {}, commit: "abc", ...changes });

async function expectOnlyOwnerReads(inside: string): Promise<void> {
  const entries = await readdir(inside, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  expect(files.length).toBeGreaterThan(0);
  for (const { parentPath, name } of files) expect((await stat(join(parentPath, name))).mode & 0o777).toBe(0o600);
}

describe("a run", () => {
  it("asks every case with its history, in the dataset's order, and keeps answers, gold and metrics", async () => {
    const target = scripted();
    const train: EvalCase = {
      ...(cases[0] ?? { id: "", question: "", answerable: false, tags: [], split: "test", spans: [] }),
      id: "t",
      split: "train",
    };
    const made = await run({ target, dataset: { name: "manual", cases: [train, ...cases] }, concurrency: 3 });
    expect(target.asked.toSorted()).toEqual(["clean? → follow?", "clean?", "vinegar?", "who?"].toSorted());
    expect(made.results.map((result) => result.case.id)).toEqual(cases.map(({ id }) => id));
    expect(made).toMatchObject({
      dataset: { name: "manual", split: "test" },
      pipeline: "default",
      corpus: "c",
      judges: ["stated@1"],
      commit: "abc",
    });
    expect(made.id).toMatch(/^run_/u);
    expect(made.results[0]).toMatchObject({
      gold: [{ document: "manual.md", start: 9, end: 22, part: 1 }],
      answer: {
        usd: 0.25,
        degraded: ["dense: timeout"],
        sentences: [{ stated: "supported", citations: [{ verified: true, document: "manual.md" }] }],
      },
      metrics: { "gold-first": 1, abstention: 1 },
    });
    expect(made.results[1]?.metrics["gold-first"]).toBe(0);
    expect(made.results[2]?.metrics["abstention"]).toBe(1);
  });

  it("goes on after a kill with what is missing, over half a line too, and is then whole", async () => {
    const path = join(folder, "deep", "run.jsonl");
    const stop = new AbortController();
    await expect(
      run({
        record: createRunFile(path),
        concurrency: 1,
        signal: stop.signal,
        onResult: (_result, { done }) => done === 2 && stop.abort(),
      }),
    ).rejects.toMatchObject({ code: "cancelled" });
    await expect(readRunFile(path)).rejects.toThrow(/not finished/u);
    await expectOnlyOwnerReads(folder);
    await writeFile(path, `${await readFile(path, "utf8")}{"type":"result","case":{"id":"who`);
    const target = scripted();
    const progress: number[] = [];
    const whole = await run({ target, record: createRunFile(path), onResult: (_result, { done }) => progress.push(done) });
    expect(target.asked.toSorted()).toEqual(["clean? → follow?", "who?"]);
    expect(progress).toEqual([3, 4]);
    expect(await readRunFile(path)).toEqual({ ...whole, results: expect.any(Array) });
    expect((await readRunFile(path)).results).toHaveLength(4);
    const again = scripted();
    expect((await run({ target: again, record: createRunFile(path) })).id).toBe(whole.id);
    expect(again.asked).toEqual([]);
  });

  it("goes on after its process was killed, however often", async () => {
    const path = join(folder, "killed.jsonl");
    const code = (name: string) => JSON.stringify(pathToFileURL(join(import.meta.dirname, name)).href);
    // Unanswerable cases, so that the target needs no documents; 15 ms each.
    const many = Array.from({ length: 30 }, (_, index) => ({
      id: `c${index}`,
      question: "?",
      answerable: false,
      tags: [],
      split: "test",
      spans: [],
    }));
    const script = `
      const { runEvaluation } = await import(${code("run-evaluation.ts")});
      const { createRunFile } = await import(${code("run-file.ts")});
      const answer = { text: "", finishReason: "unsupported", citations: [], claims: [], sources: [], cost: { total: 0 }, degraded: [] };
      let asked = 0;
      const target = {
        pipeline: "p", pipelineHash: "h", corpus: "c",
        ask: async () => (asked++, await new Promise((done) => setTimeout(done, 15)), answer),
        search: async () => ({ hits: [] }),
        readVersion: async () => ({ externalId: "", text: "" }),
        readDocument: async () => null,
      };
      const dataset = { name: "many", cases: ${JSON.stringify(many)} };
      await runEvaluation({ dataset, split: "test", target, judges: {}, commit: "abc", concurrency: 2, record: createRunFile(${JSON.stringify(path)}) });
      process.stdout.write(String(asked));`;
    const begin = () => spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: ["ignore", "pipe", "inherit"] });
    const lines = async () => (await readFile(path, "utf8").catch(() => "")).split("\n").length - 1;
    for (const until of [5, 14]) {
      const child = begin();
      const ended = once(child, "close");
      while ((await lines()) < until) await new Promise((resolve) => setTimeout(resolve, 2));
      child.kill("SIGKILL");
      await ended;
    }
    const left = 30 - (await lines()) + 1;
    const last = begin();
    let asked = "";
    last.stdout.setEncoding("utf8").on("data", (text: string) => (asked += text));
    expect(await once(last, "close")).toEqual([0, null]);
    // At most the line that a kill cut off is asked once more.
    expect(Number(asked) - left).toBeGreaterThanOrEqual(0);
    expect(Number(asked) - left).toBeLessThanOrEqual(1);
    const { results } = await readRunFile(path);
    expect(results.map((result) => result.case.id).toSorted()).toEqual(many.map(({ id }) => id).toSorted());
  }, 60_000);

  it("ends a try when its time is over, after one case at least, and goes on at the next", async () => {
    const path = join(folder, "run.jsonl");
    const seen: number[] = [];
    for (let tries = 0; tries < 4; tries++) {
      const part = await run({ record: createRunFile(path), concurrency: 1, isOver: () => true });
      seen.push(part.results.length);
    }
    expect(seen).toEqual([1, 2, 3, 4]);
    expect((await readRunFile(path)).results).toHaveLength(4);
  });

  it("does not go on with another run's file, nor with another kind of file", async () => {
    const path = join(folder, "run.jsonl");
    await run({ record: createRunFile(path) });
    await expect(run({ record: createRunFile(path), commit: "def" })).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("(commit differ)"),
    });
    await writeFile(path, "{}\n");
    await expect(run({ record: createRunFile(path) })).rejects.toThrow(/is not a run/u);
    await writeFile(path, "text\n");
    await expect(readRunFile(path)).rejects.toThrow(/is not a run/u);
    await expect(readRunFile(join(folder, "absent"))).rejects.toThrow(/does not exist/u);
  });

  it("takes results over from a cache while code, documents, case and judges are equal", async () => {
    const cache = createResultCache(join(folder, "cache"));
    await run({ cache });
    await expectOnlyOwnerReads(join(folder, "cache"));
    const target = scripted();
    expect((await run({ cache, target })).results).toHaveLength(4);
    expect(target.asked).toEqual([]);
    for (const changes of [{ corpus: "d" }, { pipelineHash: "i" }, { corpus: null }]) {
      const other = scripted(changes);
      await run({ cache, target: other });
      expect(other.asked).toHaveLength(4);
    }
    const other = scripted();
    await run({ cache, target: other, commit: null });
    expect(other.asked).toHaveLength(4);
    const [first = cases[0], ...rest] = cases;
    const changed = scripted();
    if (first) await run({ cache, target: changed, dataset: { name: "manual", cases: [{ ...first, question: "Clean?" }, ...rest] } });
    expect(changed.asked).toEqual(["Clean?"]);
  });

  it("tries a case again whose error may pass, finishes the others, and says what failed", async () => {
    let calls = 0;
    const flaky = scripted();
    const made = await run({
      target: {
        ...flaky,
        ask: async (request) => {
          if (request.question === "vinegar?" && calls++ === 0) throw new FootnoteError("model_failed", "Once.");
          return flaky.ask(request);
        },
      },
    });
    expect(made.results).toHaveLength(4);
    const path = join(folder, "run.jsonl");
    const broken = scripted();
    const target: EvalTarget = {
      ...broken,
      ask: async (request) => {
        if (request.question === "vinegar?") throw new FootnoteError("pipeline_incompatible", "No such model.");
        return broken.ask(request);
      },
    };
    await expect(run({ target, record: createRunFile(path) })).rejects.toMatchObject({
      code: "pipeline_incompatible",
      message: "1 of 4 cases failed, vinegar with: No such model.",
      details: { cases: ["vinegar"] },
    });
    const rest = scripted();
    await run({ target: rest, record: createRunFile(path) });
    expect(rest.asked).toEqual(["vinegar?"]);
  });

  it("stops asking a target that fails again and again", async () => {
    let calls = 0;
    const many = Array.from({ length: 30 }, (_, index): EvalCase => ({
      ...(cases[2] ?? { question: "?", answerable: false, tags: [], split: "test", spans: [] }),
      id: `c${index}`,
    }));
    const target = scripted({
      ask: async () => {
        calls += 1;
        throw new FootnoteError("not_found", "Gone.");
      },
    });
    await expect(run({ target, dataset: { name: "many", cases: many }, concurrency: 1 })).rejects.toThrow(/^5 of 30 cases failed/u);
    expect(calls).toBe(5);
  });

  it("ends every worker at once when one throws, with what was thrown first", async () => {
    const broken = new Error("The disk is full.");
    const begun: string[] = [];
    let cutOff = 0;
    const base = scripted();
    const target: EvalTarget = {
      ...base,
      ask: async (request) => {
        begun.push(request.question);
        if (request.question === "clean?" && request.history.length === 0) return base.ask(request);
        return new Promise((_resolve, reject) => {
          const leave = () => {
            cutOff += 1;
            reject(new FootnoteError("cancelled", "Left."));
          };
          if (request.signal?.aborted) leave();
          else request.signal?.addEventListener("abort", leave);
        });
      },
    };
    const record = {
      open: async (header: RunHeader) => ({ header, finished: [] }),
      add: async () => {
        throw broken;
      },
      close: async () => {},
    };
    await expect(run({ target, record, concurrency: 2 })).rejects.toBe(broken);
    expect([begun, cutOff]).toEqual([["clean?", "vinegar?"], 1]);
  });

  it("gives up a case that takes longer than it may, without a second try and without a part of it", async () => {
    const base = scripted();
    const begun: string[] = [];
    const target: EvalTarget = {
      ...base,
      ask: async (request) => {
        begun.push(request.question);
        if (request.question !== "who?") return base.ask(request);
        return new Promise((_resolve, reject) => request.signal?.addEventListener("abort", () => reject(request.signal?.reason)));
      },
    };
    const path = join(folder, "run.jsonl");
    await expect(run({ target, record: createRunFile(path), concurrency: 1, caseTimeoutMs: 1_000 })).rejects.toMatchObject({
      code: "timeout",
      retryable: false,
      message: expect.stringMatching(/^1 of 4 cases failed, who with: The case took longer than 1 s/u),
    });
    expect(begun.filter((question) => question === "who?")).toHaveLength(1);
    const rest = scripted();
    expect((await run({ target: rest, record: createRunFile(path) })).results).toHaveLength(4);
    expect(rest.asked).toEqual(["who?"]);
  });

  it("refuses an empty split, a document that is not there and a quote that does not stand in it once", async () => {
    await expect(run({ split: "train" })).rejects.toThrow(/no case in the split train/u);
    const one = (spans: EvalCase["spans"]) => ({
      name: "x",
      cases: [{ id: "a", question: "q?", answerable: true, tags: [], split: "test" as const, spans }],
    });
    await expect(run({ dataset: one([{ document: "other.md", quote: "x" }]) })).rejects.toThrow(
      /names the document other\.md, which is not there/u,
    );
    await expect(run({ dataset: one([{ document: "manual.md", quote: "e" }]) })).rejects.toThrow(/does not stand exactly once/u);
  });

  it("counts a quote that is not what stands at its span as not verified, and keeps citations without a claim", async () => {
    const base = scripted();
    const target: EvalTarget = {
      ...base,
      async ask(request) {
        const answer = await base.ask(request);
        const [citation] = answer.citations;
        if (!citation) return answer;
        const folded = { ...citation, quote: "CLEAN it  every 90 days.", verification: "normalized" as const };
        return { ...answer, claims: [], citations: [folded, { ...citation, quote: "made up" }, { ...citation, quote: " " }] };
      },
    };
    const made = await run({ target, limit: 1 });
    expect(made.results).toHaveLength(1);
    expect(made.results[0]?.answer.sentences).toMatchObject([
      { stated: "unsupported", citations: [{ verified: true }, { verified: false }, { verified: false }] },
    ]);
  });
});

it("says that a run cannot be written where a folder is", async () => {
  await expect(run({ record: createRunFile(folder) })).rejects.toMatchObject({
    code: "invalid_request",
    message: expect.stringContaining("is a folder"),
  });
});

describe("a summary", () => {
  it("has every metric in every slice, all first, and leaves out what has no value", async () => {
    const made = await run();
    const summary = summarizeEvalRun(made);
    expect([...new Set(summary.map(({ slice }) => slice))]).toEqual(["all", "even", "language:de", "odd"]);
    expect(summary.find(({ slice, metric }) => slice === "all" && metric === "gold-first")?.interval).toMatchObject({
      count: 3,
      mean: 2 / 3,
    });
    expect(summary.some(({ metric }) => metric === "answer-relevance")).toBe(false);
    const tagged = { results: made.results.map((result) => ({ ...result, case: { ...result.case, tags: ["all"] } })) };
    expect(summarizeEvalRun(tagged).filter(({ slice }) => slice === "all")).toEqual(summary.filter(({ slice }) => slice === "all"));
    const extra = { ...made, results: made.results.map((result) => ({ ...result, metrics: { ...result.metrics, ragas: 0.5 } })) };
    expect(summarizeEvalRun(extra).some(({ metric }) => metric === "ragas")).toBe(true);
    const table = formatEvalRun(made);
    expect(table).toMatch(/^manual \(test\), 4 questions, pipeline default$/mu);
    expect(table).toMatch(/^all +gold-first +0\.667 +\[0\.000, 1\.000\] +3$/mu);
    expect(table).toMatch(/USD 1\.0000; 1 degraded; judged by stated@1$/mu);
  });

  it("of a run that was written whole reads back", async () => {
    const path = join(folder, "whole.jsonl");
    const made = await run();
    await writeRunFile(path, made);
    expect(await readRunFile(path)).toEqual(made);
  });
});
