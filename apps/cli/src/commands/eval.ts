import { resolve } from "node:path";
import type { Command } from "commander";
import { prepare } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";

interface RetrievalOptions extends CommonOptions {
  pipelines?: string;
  split?: string;
  limit?: string;
  cache?: string;
}

/** The runners are loaded when one is called: they bring data-set readers that no other command needs. */
export function addEval(program: Command, context: Context): void {
  const evaluate = program.command("eval").description("measure quality on a data set");
  evaluate
    .command("retrieval")
    .description("nDCG@10, recall and MRR of the pipelines on folders in BEIR's layout")
    .argument("<folder...>", "each with corpus.jsonl, queries.jsonl and qrels/<split>.tsv")
    .option("--pipelines <names>", "separated by commas; default: all shipped ones")
    .option("--split <name>", "of the relevance judgements; default: test")
    .option("--limit <number>", "only the first so many queries")
    .option("--cache <folder>", "keep embeddings there for later runs")
    .addHelpText("after", "\nExample:\n  pnpm eval retrieval ../shared/data/retrieval/scifact")
    .action(async (folders: string[], _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<RetrievalOptions>();
      const { output } = await prepare(context, options);
      const { runRetrieval } = await import("../eval/run-retrieval.ts");
      for (const folder of folders) {
        const { report, table } = await runRetrieval({
          folder: resolve(context.cwd, folder),
          log: (line) => output.note(line),
          signal: context.signal,
          ...(options.pipelines ? { pipelineNames: options.pipelines.split(",").map((name) => name.trim()) } : {}),
          ...(options.split ? { split: options.split } : {}),
          ...(options.limit ? { limit: Number(options.limit) } : {}),
          ...(options.cache ? { cacheDir: resolve(context.cwd, options.cache) } : {}),
        });
        output.print(table, report);
      }
    });
}
