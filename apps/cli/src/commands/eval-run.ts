import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { FootnoteError } from "@footnote/core";
import { type CommonOptions, type Context, wholeNumber } from "@footnote/terminal";
import { Option } from "commander";
import type { Command } from "commander";
import { connect, inCollection } from "../connection.ts";
import { prepare } from "../prepare.ts";

interface RunOptions extends CommonOptions {
  pipeline?: string;
  split: "train" | "test";
  collection: string;
  out?: string;
  cache: string;
  limit?: number;
  concurrency: number;
}

export function addEvalRun(evaluate: Command, context: Context): void {
  const { signal, cwd } = context;
  evaluate
    .command("run")
    .description("ask every question of a file, and score the answers here")
    .argument("<dataset>", "cases as JSON Lines")
    .requiredOption("-c, --collection <name>", "the collection that the cases are about")
    .option("-p, --pipeline <name>", "default: the collection's own")
    .addOption(new Option("--split <name>", "which cases").choices(["train", "test"]).default("test"))
    .option("--out <file>", "write the run there as JSON Lines; the same command goes on with one that was interrupted")
    .option("--cache <folder>", "keep the verdicts of the model at JUDGE_URL there for later runs", ".cache")
    .option("--limit <number>", "only the first so many cases", wholeNumber())
    .option("--concurrency <number>", "cases at once; with more than one, times hold waiting", wholeNumber(), 2)
    .addHelpText(
      "after",
      `
Prints the mean of every metric in every slice (all, then each tag) with its 95 % bootstrap interval; docs/evaluation.md says what each
one means. A metric that does not apply to a question leaves it out of n. Nothing is stored on the server: eval upload and eval start do
that, and eval gate compares what they stored.
Where RAGAS_URL names a sidecar, ragas scores the answers too; where JUDGE_URL and JUDGE_NAME name a model, it judges them beside the
deterministic judges (metrics llm-…).

Example:
  footnote eval run my-questions.jsonl --collection handbook --out .cache/run.jsonl`,
    )
    .action(async (dataset: string, options: RunOptions) => {
      const { pipeline, split, limit, concurrency, collection, out } = options;
      const { env, folder, output } = await prepare(context, options);
      const { readEvalCases } = await import("@footnote/evaluation");
      const { formatEvalRun, summarizeEvalRun } = await import("@footnote/evaluation/runs");
      const { openJudges } = await import("@footnote/server/judges");
      const { openLlmScorer } = await import("@footnote/server/llm-scores");
      const { openRagas } = await import("@footnote/server/ragas-scores");
      const { runOnCollection } = await import("@footnote/server/run-on-collection");
      const name = basename(dataset);
      const cases = readEvalCases(await readCases(resolve(cwd, dataset)), name);
      const log = (line: string) => output.note(line);
      const ragas = await openRagas(env, { log, signal });
      const llm = await openLlmScorer(env, { cache: resolve(cwd, options.cache, "judge-verdicts.jsonl") });
      const { judges, close } = openJudges();
      let bar: ReturnType<typeof output.progress> | undefined;
      try {
        const { client, close: disconnect } = await connect({ env, folder, warm: true });
        try {
          await inCollection(collection, () => client.collections.get(collection, { signal }));
          const run = await runOnCollection({
            client,
            collection,
            dataset: { name, cases },
            // The server answers, and its code is not known here.
            commit: null,
            split,
            judges,
            concurrency,
            log,
            ...(ragas ? { ragas } : {}),
            ...(llm ? { llm } : {}),
            onProgress({ done, total }) {
              bar ??= output.progress("Asking", total);
              bar.update(done);
            },
            signal,
            ...(pipeline === undefined ? {} : { pipeline }),
            ...(limit === undefined ? {} : { limit }),
            ...(out === undefined ? {} : { out: resolve(cwd, out) }),
          });
          const { results: _results, ...header } = run;
          output.print(formatEvalRun(run), { ...header, questions: run.results.length, metrics: summarizeEvalRun(run) });
        } finally {
          await disconnect();
        }
      } finally {
        bar?.end();
        await close();
      }
    });
}

async function readCases(path: string): Promise<string> {
  return await readFile(path, "utf8").catch((cause: unknown) => {
    throw new FootnoteError("invalid_request", `The dataset ${path} cannot be read; name a file of JSON Lines.`, { cause });
  });
}
