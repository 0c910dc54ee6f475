import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { FootnoteError } from "@footnote/core";
import type { PipelineSpec } from "@footnote/core";
import { Option } from "commander";
import type { Command } from "commander";
import { prepare } from "../context.ts";
import type { CommonOptions, Context } from "../context.ts";

interface RetrievalOptions extends CommonOptions {
  pipelines: string;
  split: string;
  limit?: string;
  store?: string;
}

export function addEval(program: Command, context: Context): void {
  const evaluate = program.command("eval").description("measure quality on a data set");
  evaluate
    .command("retrieval")
    .description("nDCG@10, recall and MRR of the pipelines on folders in BEIR's layout")
    .argument("<folder...>", "each with corpus.jsonl, queries.jsonl and qrels/<split>.tsv")
    .addOption(new Option("--pipelines <names>", "separated by commas").default("default,hybrid-rrf-rerank"))
    .option("--split <name>", "of the relevance judgements", "test")
    .option("--limit <number>", "only the first so many queries")
    .option("--store <folder>", "keep the store there, for a second run; default: a temporary one")
    .addHelpText("after", "\nExample:\n  pnpm eval retrieval ../shared/data/retrieval/scifact")
    .action(async (folders: string[], _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<RetrievalOptions>();
      const { env, output } = await prepare(context, options);
      const [{ evaluateRetrieval }, { formatRetrievalReport }, { pipelines }, { createEngine }, { openStore }, { createLateInteraction }] = await Promise.all([
        import("../eval/retrieval.ts"),
        import("@footnote/evaluation"),
        import("@footnote/retrieval"),
        import("../engine.ts"),
        import("@footnote/storage"),
        import("../rerankers.ts"),
      ]);
      const specs: PipelineSpec[] = options.pipelines.split(",").map((name) => {
        const found = Object.values(pipelines).find((spec) => spec.name === name.trim());
        if (found) return found;
        throw new FootnoteError("pipeline_unknown", `There is no pipeline ${name.trim()}; known: ${Object.keys(pipelines).join(", ")}.`);
      });
      for (const folder of folders) {
        const dataDir = options.store ? resolve(context.cwd, options.store) : await mkdtemp(join(tmpdir(), "footnote-eval-"));
        const engine = createEngine({ embedWorkers: env.FOOTNOTE_EMBED_WORKERS });
        const { store } = await openStore({ dataDir, spaces: engine.spaces, extraSchemas: engine.extraSchemas });
        try {
          const report = await evaluateRetrieval({
            folder: resolve(context.cwd, folder),
            split: options.split,
            pipelines: specs,
            store,
            embedder: engine.embedder,
            chunkerFor: engine.chunkerFor,
            rerankers: createLateInteraction({ engine, store }),
            ...(options.limit === undefined ? {} : { limit: Number(options.limit) }),
            log: (line) => output.note(line),
            signal: context.signal,
          });
          output.print(formatRetrievalReport(report), report);
        } finally {
          await engine.close();
          await store.close();
          if (!options.store) await rm(dataDir, { recursive: true, force: true });
        }
      }
    });
}
