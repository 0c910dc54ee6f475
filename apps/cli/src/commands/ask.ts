import { resolve } from "node:path";
import { sha256 } from "@footnote/core";
import type { Command } from "commander";
import { connect, inCollection } from "../connection.ts";
import { prepare } from "../prepare.ts";
import type { CommonOptions, Context } from "@footnote/terminal";
import { findFiles } from "@footnote/server/files";
import { findHandbook, handbookCollection } from "@footnote/server/handbook";
import { printAnswer } from "../print-answer.ts";
import { ingestFiles } from "../ingest-files.ts";

interface AskOptions extends CommonOptions {
  docs?: string[];
  collection?: string;
  pipeline?: string;
}

export function addAsk(program: Command, context: Context): void {
  program
    .command("ask")
    .description("answer a question from documents, with footnotes")
    .argument("<question>", "the question, in quotes")
    .option("-d, --docs <path...>", "files or folders to answer from; they are ingested first, unchanged ones once only")
    .option("-c, --collection <name>", "a collection that exists already")
    .option("-p, --pipeline <name>", "default or hybrid-rrf-rerank")
    .addHelpText(
      "after",
      `
Exit status: 0 answered, 3 the documents do not hold the answer, 1 something failed, 2 wrong usage.

Examples:
  footnote ask "How many days of leave do we have?"                  the sample handbook
  footnote ask "What changed in version 2?" --docs ./manuals notes.md
  footnote ask "Who signs off expenses?" --collection finance --json`,
    )
    .action(async (question: string, options: AskOptions) => {
      const { env, folder, output } = await prepare(context, options);
      const connection = await connect({ env, folder, warm: true });
      try {
        const { client } = connection;
        let { collection } = options;
        if (options.docs) {
          const paths = [...new Set(options.docs.map((path) => resolve(context.cwd, path)))].sort();
          collection ??= `docs-${sha256(paths.join("\n")).slice(0, 12)}`;
          const files = await findFiles(paths);
          await ingestFiles({ client, collection, files, output, prune: true, quiet: true, signal: context.signal });
        } else if (!collection) {
          collection = handbookCollection;
          const handbook = connection.where === "here" ? await findHandbook() : null;
          if (handbook) {
            const files = await findFiles([handbook.documents]);
            await ingestFiles({ client, collection, files, output, prune: true, quiet: true, signal: context.signal });
          }
        }
        const events = client.answers.stream(
          { question, collection, ...(options.pipeline ? { pipeline: options.pipeline } : {}) },
          { signal: context.signal },
        );
        const { finishReason } = await inCollection(collection, () => printAnswer(events, output));
        if (finishReason === "unsupported") context.exitCode = 3;
        else if (finishReason !== "stop" && finishReason !== "length") {
          output.note(`The answer ended early: ${finishReason}.`);
          context.exitCode = 1;
        }
      } finally {
        await connection.close();
      }
    });
}
