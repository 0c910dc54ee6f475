import { resolve } from "node:path";
import { InvalidArgumentError } from "commander";
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
  evaluate
    .command("extraction")
    .description("text of web pages or PDFs beside their ground truth")
    .argument(
      "<html|pdf|clean-up>",
      "html: article-extraction's layout; pdf: raw text beside pdfium; clean-up: a folder with documents/ and expected/",
    )
    .argument("<folder>")
    .addHelpText("after", "\nExample:\n  pnpm eval extraction html ../shared/data/article-extraction")
    .action(async (kind: string, folder: string, _options: unknown, command: Command) => {
      const { output } = await prepare(context, command.optsWithGlobals<CommonOptions>());
      const request = { folder: resolve(context.cwd, folder), log: (line: string) => output.note(line) };
      const run = async (): Promise<object> => {
        if (kind === "html") return await (await import("../eval/extraction-html.ts")).evaluateHtmlExtraction(request);
        const pdf = await import("../eval/extraction-pdf.ts");
        if (kind === "pdf") return await pdf.evaluatePdfExtraction({ ...request, signal: context.signal });
        if (kind === "clean-up") return await pdf.evaluatePdfCleanUp(request);
        throw new InvalidArgumentError(`"${kind}" is not one of html, pdf, clean-up.`);
      };
      const report = await run();
      const figures = Object.fromEntries(Object.entries(report).filter(([, value]) => !Array.isArray(value)));
      output.print(JSON.stringify(figures, null, 2), report);
    });
  evaluate
    .command("chunking")
    .description("recall, precision and IoU of annotated spans for every chunking strategy")
    .argument("<folder>", "with corpora/*.md and questions_df.csv")
    .addHelpText("after", "\nExample:\n  pnpm eval chunking ../shared/data/chunking-eval")
    .action(async (folder: string, _options: unknown, command: Command) => {
      const { env, output } = await prepare(context, command.optsWithGlobals<CommonOptions>());
      const [{ evaluateChunking }, { createEngine }] = await Promise.all([import("../eval/chunking.ts"), import("../engine.ts")]);
      const engine = createEngine({ embedWorkers: env.FOOTNOTE_EMBED_WORKERS });
      try {
        const report = await evaluateChunking({
          folder: resolve(context.cwd, folder),
          embedder: engine.embedder,
          log: (line) => output.note(line),
          signal: context.signal,
        });
        output.print(JSON.stringify(report, null, 2), report);
      } finally {
        await engine.close();
      }
    });
}
