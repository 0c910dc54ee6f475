import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { FootnoteError } from "@footnote/core";
import { type Context, configureProgram, createOutput, forEachCommand, type Output, runProgram, wholeNumber } from "@footnote/terminal";
import { Command, Option } from "commander";
import { addEvalAblation } from "./commands/ablation.ts";
import { addEvalAnswers } from "./commands/answers.ts";
import { addEvalCheck } from "./commands/check.ts";
import { addEvalFitFusion } from "./commands/fit-fusion.ts";
import { addEvalGate } from "./commands/gate.ts";
import { addEvalJudges } from "./commands/judges.ts";
import { addEvalPeers } from "./commands/peers.ts";
import { addEvalRun } from "./commands/run.ts";
import { addEvalTraces } from "./commands/traces.ts";
import { formatGoal } from "./goals.ts";
import type { Goal } from "./goals.ts";
import type { ExtractionPart } from "./run-extraction.ts";

interface EvalOptions {
  json?: boolean;
  cache?: string;
}
interface RetrievalOptions extends EvalOptions {
  pipelines?: string[];
  split?: string;
  limit?: number;
}
interface ExtractionOptions extends EvalOptions {
  part?: ExtractionPart[];
}
interface ChunkingOptions extends EvalOptions {
  strategies?: string[];
}
interface HandbookOptions extends EvalOptions {
  pipeline: string;
}

const exitStatus = "\nExit status: 0 every goal met (or none set for this), 1 some goal missed or something failed, 2 wrong usage.\n";
const list = (value: string): string[] => value.split(",").map((name) => name.trim());

/** The runners are loaded when one is called: they bring data-set readers that no other command needs. */
export function createProgram(context: Context): Command {
  const { signal, variables, cwd } = context;
  const evaluate = configureProgram(new Command("eval"), context)
    .description("measure Footnote itself: the gate on the golden sets, judges, steps of the pipeline, retrieval and extraction")
    .addHelpText(
      "after",
      `
For those who develop Footnote. Everything works in a store of its own, in a temporary folder, and leaves yours alone; footnote eval works
with your own server or store and your own questions.
Public data sets are looked for in FOOTNOTE_SHARED, else in ../shared beside the checkout.
${exitStatus}
Examples:
  pnpm eval handbook
  pnpm eval retrieval ../shared/data/retrieval/{scifact,cranfield} --cache .cache/embeddings
  pnpm eval extraction
  pnpm eval chunking --strategies structure,recursive`,
    );
  const outputOf = ({ json = false }: EvalOptions) => createOutput({ json, terminal: context.terminal });
  const judge = (output: Output, goals: readonly Goal[]) => {
    for (const goal of goals) if (!output.json) output.print(formatGoal(goal));
    if (goals.some(({ met }) => !met)) context.exitCode = 1;
  };
  const cacheOf = ({ cache }: EvalOptions) => (cache ? { cacheDir: resolve(cwd, cache) } : {});

  for (const add of [
    addEvalRun,
    addEvalTraces,
    addEvalAblation,
    addEvalFitFusion,
    addEvalPeers,
    addEvalGate,
    addEvalCheck,
    addEvalJudges,
    addEvalAnswers,
  ]) {
    add(evaluate, context);
  }

  evaluate
    .command("retrieval")
    .description("nDCG@10, recall@10, recall@50 and MRR of the pipelines on folders in BEIR's layout, through the real store")
    .argument("<folder...>", "each with corpus.jsonl, queries.jsonl and qrels/<split>.tsv")
    .option("--pipelines <names>", "separated by commas; default: default,hybrid-rrf-rerank", list)
    .option("--split <name>", "of the relevance judgements; default: test; another one reads <split>_queries.jsonl")
    .option("--limit <number>", "only the first so many queries; no goal is judged then", wholeNumber())
    .option("--cache <folder>", "keep embeddings there for later runs; for one process at a time")
    .addHelpText(
      "after",
      `
A row of the corpus is one document, scored by its best chunk. Intervals: 95 %, bootstrap over queries.
A folder that is not there is skipped, with a line that says so.
${exitStatus}
Example:
  pnpm eval retrieval ../shared/data/retrieval/scifact --cache .cache/embeddings`,
    )
    .action(async (folders: string[], options: RetrievalOptions) => {
      const output = outputOf(options);
      const { runRetrieval } = await import("./run-retrieval.ts");
      const { retrievalGoals } = await import("./retrieval-goals.ts");
      let ran = 0;
      for (const given of folders) {
        const folder = resolve(cwd, given);
        if (!existsSync(folder)) {
          output.print(`skipped: ${given} is not here`, { type: "skipped", folder: given });
          continue;
        }
        ran++;
        const { report, table } = await runRetrieval({
          folder,
          log: (line) => output.note(line),
          signal,
          ...cacheOf(options),
          ...(options.pipelines ? { pipelineNames: options.pipelines } : {}),
          ...(options.split ? { split: options.split } : {}),
          ...(options.limit === undefined ? {} : { limit: options.limit }),
        });
        const goals = retrievalGoals(report, options.limit === undefined);
        output.print(table, { ...report, goals });
        judge(output, goals);
      }
      if (ran === 0) throw new FootnoteError("invalid_request", "None of the folders is here, so nothing was measured; check the paths.");
    });

  evaluate
    .command("extraction")
    .description("text out of HTML and PDF beside known truth and other readers")
    .addOption(new Option("--part <name...>", "default: all").choices(["clean-up", "html", "pdf"]))
    .addHelpText(
      "after",
      `
Parts:
  clean-up  the handbook's PDFs against examples/handbook/expected: characters and runs of four words, goal ≥ 0.98 each
  html      article-extraction by its ground truth, beside @mozilla/readability: token F1, goal ≥ 0.90
  pdf       raw text of pdf-samples beside pdfium: median character F1, goal ≥ 0.97; pypdfium2 is installed into .cache/pdfium

A part whose data or program is missing is skipped, with a line that says so.
${exitStatus}`,
    )
    .action(async (options: ExtractionOptions) => {
      const output = outputOf(options);
      const { runExtraction } = await import("./run-extraction.ts");
      const log = (line: string) => output.print(line);
      const report = await runExtraction({ variables, log, signal, ...(options.part ? { parts: options.part } : {}) });
      if (output.json) output.print("", report);
      judge(output, report.goals);
    });

  evaluate
    .command("chunking")
    .description("recall, precision and IoU of annotated spans among the 5 nearest chunks, for every strategy")
    .argument("[folder]", "with corpora/*.md and questions_df.csv; default: data/retrieval/chunking-eval of the shared folder")
    .option("--strategies <names>", "structure, recursive, sentence-window, separated by commas; default: all", list)
    .option("--cache <folder>", "keep embeddings there for later runs; for one process at a time")
    .addHelpText("after", exitStatus)
    .action(async (given: string | undefined, options: ChunkingOptions) => {
      const output = outputOf(options);
      const { findShared } = await import("./shared-folder.ts");
      const path = "data/retrieval/chunking-eval";
      const folder = given ? resolve(cwd, given) : findShared(path, variables);
      if (!folder || !existsSync(folder)) {
        const missing = given ?? path;
        output.print(`skipped: ${missing} is not here; set FOOTNOTE_SHARED`, { type: "skipped", folder: missing });
        return;
      }
      const { runChunking } = await import("./run-chunking.ts");
      const report = await runChunking({
        folder,
        log: (line) => output.print(line),
        signal,
        ...cacheOf(options),
        ...(options.strategies ? { strategies: options.strategies } : {}),
      });
      output.print(
        `${report.questions} questions, the ${report.k} nearest chunks each, dense search alone; 95 % percentile bootstrap`,
        report,
      );
    });

  evaluate
    .command("handbook")
    .description("the first 40 questions of evals/handbook over the sample documents: ingestion, answers, citations, abstentions")
    .option("--pipeline <name>", "default or hybrid-rrf-rerank", "default")
    .addHelpText(
      "after",
      `
Prints every wrong question with its answer, then the counts.
Goals: 90 % of the answerable ones cite a right span, 7 of 8 unanswerable ones abstain, no false citation.
${exitStatus}`,
    )
    .action(async (options: HandbookOptions) => {
      const output = outputOf(options);
      const { formatHandbookReport, runHandbook } = await import("./run-handbook.ts");
      const report = await runHandbook({ pipeline: options.pipeline, variables, log: (line) => output.note(line), signal });
      output.print(formatHandbookReport(report), report);
      judge(output, report.goals);
    });

  forEachCommand(evaluate, (command) => void command.option("--json", "print JSON, one object a line"));
  return evaluate;
}

/** Runs one command line (without the program's name) and returns its exit status; errors are one sentence on stderr. */
export const runCommand = (argv: readonly string[], context: Context): Promise<number> => runProgram(createProgram, argv, context);
