import { FootnoteError } from "@footnote/core";
import type { GateRun, GateSettings } from "@footnote/evaluation/gate";
import type { EvalResult, EvalRun } from "@footnote/sdk";
import { allPages } from "@footnote/server/all-pages";
import type { FootnoteClient } from "@footnote/server/local-client";
import { type CommonOptions, type Context, decimalNumber } from "@footnote/terminal";
import type { Command } from "commander";
import { connect, isNotFound } from "../connection.ts";
import { prepare } from "../prepare.ts";

interface GateOptions extends CommonOptions {
  baseline: string;
  alpha: number;
}

/** Two stored runs of a dataset held against each other, question by question. */
export function addEvalGate(evaluate: Command, context: Context): void {
  const { signal } = context;
  evaluate
    .command("gate")
    .description("hold a stored run against an earlier one of the same dataset, and fail where it is worse")
    .argument("<run>", "the id of the run that is judged")
    .requiredOption("-b, --baseline <run>", "the id of the run that it is held against")
    .option("--alpha <number>", "chance of a false alarm between two runs that are alike", decimalNumber({ from: 0, to: 1 }), 0.05)
    .addHelpText(
      "after",
      `
Both runs are finished ones, as eval start makes them; dataset, split, documents and judges must be the same. Every metric in every slice of
ten questions or more is compared in pairs, all as one family. Nothing is asked.

Exit status: 0 no regression, 1 a regression or something failed, 2 wrong usage.

Examples:
  footnote eval start my-questions --pipeline hybrid-rrf-rerank
  footnote eval gate run_… --baseline run_…`,
    )
    .action(async (id: string, options: GateOptions) => {
      const { env, folder, output } = await prepare(context, options);
      const { judgeGate } = await import("@footnote/evaluation/gate");
      const { formatGateTable } = await import("@footnote/evaluation/reports");
      const { client, close } = await connect({ env, folder });
      try {
        const runs = await Promise.all([id, options.baseline].map((run) => readRun(client, run, signal)));
        const [candidate, baseline] = runs;
        if (!candidate || !baseline) throw new FootnoteError("internal", "A run that was just read is gone; try again.");
        requireSameGround(candidate, baseline);
        const metrics = [...new Set(candidate.cases.flatMap((one) => Object.keys(one.metrics)))];
        const report = judgeGate({ pairs: [{ candidate, baseline }], settings: settingsOf(metrics, options.alpha) });
        output.print(formatGateTable(report), report);
        if (report.verdict === "failed") context.exitCode = 1;
      } finally {
        await close();
      }
    });
}

/** Only quality is judged: what a server's answers cost and how long they took differs with what else it did. */
function settingsOf(metrics: string[], familyWiseAlpha: number): GateSettings {
  const never = { warnAbove: Infinity, failAbove: Infinity };
  return {
    familyWiseAlpha,
    resamples: 10_000,
    minimumCases: 10,
    metrics,
    floors: [],
    ratios: { usd: { failAbove: Infinity }, milliseconds: { ...never, busyAbove: Infinity }, cpu: never },
  };
}

async function readRun(client: FootnoteClient, id: string, signal: AbortSignal): Promise<GateRun> {
  try {
    const run = await client.evals.runs.get(id, { signal });
    if (run.state !== "succeeded") {
      throw new FootnoteError("conflict", `The run ${id} is ${run.state}; wait for it, or begin a new one with footnote eval start.`);
    }
    const results = await Array.fromAsync(allPages((page) => client.evals.runs.results(id, page, { signal })));
    return toGateRun(run, results);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new FootnoteError("not_found", `There is no run ${id} here; footnote eval runs lists them.`, { cause: error });
  }
}

function toGateRun(run: EvalRun, results: readonly EvalResult[]): GateRun {
  const { dataset, datasetSha256, split, pipeline, pipelineHash, corpus, judges, createdAt } = run;
  return {
    dataset: { name: dataset, sha256: datasetSha256, split: split === "train" ? "train" : "test" },
    pipeline,
    pipelineHash,
    corpus,
    judges,
    commit: null,
    createdAt,
    machine: null,
    cases: results.map(({ case: { id, question, answerable, tags }, metrics, answer }) => ({
      id,
      question,
      answerable,
      tags,
      metrics,
      text: answer.text,
      finishReason: answer.finishReason,
      citations: answer.sentences.flatMap(({ citations }) =>
        citations.map(({ document, start, end, text }) => ({ document, start, end, text })),
      ),
      contexts: answer.contexts.map(({ document, start, end }) => ({ document, start, end })),
      milliseconds: answer.milliseconds,
      usd: answer.usd,
    })),
  };
}

function requireSameGround(candidate: GateRun, baseline: GateRun): void {
  const grounds: [string, (run: GateRun) => string][] = [
    ["questions", ({ dataset, cases }) => `${dataset.name} ${dataset.split} ${dataset.sha256} ${cases.map(({ id }) => id).join(" ")}`],
    ["documents", ({ corpus }) => corpus ?? ""],
    ["judges", ({ judges }) => judges.toSorted().join(" ")],
  ];
  const differing = grounds.filter(([, of]) => of(candidate) !== of(baseline)).map(([name]) => name);
  if (differing.length === 0) return;
  throw new FootnoteError(
    "conflict",
    `The two runs have other ${differing.join(" and ")}, so they cannot be compared; begin both anew with footnote eval start.`,
  );
}
