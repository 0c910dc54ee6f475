import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { FootnoteError } from "@footnote/core";
import type { LanguageModel } from "@footnote/core";
import { Option } from "commander";
import type { Command } from "commander";
import { type Context, createOutput, wholeNumber } from "@footnote/terminal";
import { readEnvironment } from "@footnote/server/env";
import type { Environment } from "@footnote/server/env";

interface RunOptions {
  json?: boolean;
  pipeline?: string;
  split: "train" | "test";
  documents?: string;
  out?: string;
  cache?: string;
  limit?: number;
  concurrency: number;
}

export function addEvalRun(evaluate: Command, context: Context): void {
  const { signal, variables, cwd } = context;
  evaluate
    .command("run")
    .description("ask every question of a dataset, score the answers and keep the run")
    .argument("[dataset]", "cases as JSON Lines; default: the golden set over the sample documents, in a store of its own")
    .option("-p, --pipeline <name>", "default: the collection's own; default for the sample documents")
    .addOption(new Option("--split <name>", "which cases").choices(["train", "test"]).default("test"))
    .option("--documents <folder>", "files that the cases of a dataset of your own are about; they are read into a store of their own")
    .option("--out <file>", "write the run there as JSON Lines; the same command goes on with one that was interrupted")
    .option("--cache <folder>", "take over results of earlier runs on equal code, documents, pipeline and judges")
    .option("--limit <number>", "only the first so many cases", wholeNumber())
    .option("--concurrency <number>", "cases at once; with more than one, times hold waiting", wholeNumber(), 2)
    .addHelpText(
      "after",
      `
Prints the mean of every metric in every slice (all, then each tag) with its 95 % bootstrap interval.
A metric that does not apply to a question leaves it out of n; docs/evaluation.md says what each one means.
Where RAGAS_URL names a sidecar (pnpm ragas), ragas scores the answers too; where JUDGE_URL and JUDGE_NAME name a model, it
judges them beside the deterministic judges (metrics llm-…), and its verdicts are kept. MODEL_URL and MODEL_NAME give the
pipeline "generated".

Examples:
  pnpm eval run --out .cache/run.jsonl
  pnpm eval run evals/multilingual/questions.jsonl --documents evals/multilingual/documents`,
    )
    .action(async (dataset: string | undefined, options: RunOptions, command: Command) => {
      const { pipeline, split, limit, concurrency, documents } = options;
      if (documents !== undefined && dataset === undefined) {
        command.error("error: --documents needs a dataset: name the file with the cases about them.");
      }
      if (dataset !== undefined && documents === undefined) {
        command.error("error: A dataset of your own needs --documents: name what its cases are about.");
      }
      const output = createOutput({ json: options.json ?? false, terminal: context.terminal });
      const { readEvalCases } = await import("@footnote/evaluation");
      const { formatEvalRun, summarizeEvalRun } = await import("@footnote/evaluation/runs");
      const { runOnHandbook } = await import("../run-eval.ts");
      const { openJudges } = await import("@footnote/server/judges");
      const path = dataset === undefined ? undefined : resolve(cwd, dataset);
      const cases = path === undefined ? undefined : readEvalCases(await readCases(path), basename(path));
      const ownFiles = documents === undefined || path === undefined ? {} : { name: basename(path), folder: resolve(cwd, documents) };
      const { openRagas } = await import("@footnote/server/ragas-scores");
      const log = (line: string) => output.note(line);
      const { openLlmScorer } = await import("@footnote/server/llm-scores");
      const env = readEnvironment({ variables, folder: cwd });
      const model = await openConfiguredModel(env);
      const ragas = await openRagas(env, { log, signal });
      const llm = await openLlmScorer(env, { cache: resolve(cwd, options.cache ?? ".cache", "judge-verdicts.jsonl") });
      const { judges, close } = openJudges();
      let bar: ReturnType<typeof output.progress> | undefined;
      const common = {
        split,
        judges,
        concurrency,
        log,
        ...(ragas ? { ragas } : {}),
        ...(llm ? { llm } : {}),
        onProgress: ({ done, total }: { done: number; total: number }) => {
          bar ??= output.progress("Asking", total);
          bar.update(done);
        },
        signal,
        ...(pipeline === undefined ? {} : { pipeline }),
        ...(limit === undefined ? {} : { limit }),
        ...(options.out === undefined ? {} : { out: resolve(cwd, options.out) }),
        ...(options.cache === undefined ? {} : { cache: resolve(cwd, options.cache) }),
      };
      try {
        const run = await runOnHandbook({
          ...common,
          ...ownFiles,
          ...(model ? { model } : {}),
          variables,
          ...(cases === undefined ? {} : { cases }),
        });
        const { results: _results, ...header } = run;
        output.print(formatEvalRun(run), { ...header, questions: run.results.length, metrics: summarizeEvalRun(run) });
      } finally {
        bar?.end();
        await close();
      }
    });
}

/** The model that answers in the pipeline `generated`. */
async function openConfiguredModel(env: Environment): Promise<LanguageModel | null> {
  const [{ createSystemClock }, { openModel }] = await Promise.all([import("@footnote/core"), import("@footnote/server/models")]);
  return await openModel({ env, role: "MODEL", clock: createSystemClock() });
}

async function readCases(path: string): Promise<string> {
  return await readFile(path, "utf8").catch((cause: unknown) => {
    throw new FootnoteError("invalid_request", `The dataset ${path} cannot be read; name a file of JSON Lines.`, { cause });
  });
}
