import { resolve } from "node:path";
import { FootnoteError } from "@footnote/core";
import type { Command } from "commander";
import { connect } from "../connection.ts";
import { prepare } from "../prepare.ts";
import type { CommonOptions, Context } from "@footnote/terminal";
import { findFiles } from "@footnote/server/files";
import { ingestFiles } from "../ingest-files.ts";

interface IngestOptions extends CommonOptions {
  collection: string;
  prune?: boolean;
}

export function addIngest(program: Command, context: Context): void {
  program
    .command("ingest")
    .description("put files and folders into a collection and wait until they are searchable")
    .argument("<path...>", "files or folders; hidden files are passed over")
    .option("-c, --collection <name>", "made when it does not exist", "documents")
    .option("--prune", "delete documents of the collection that are not among the files")
    .addHelpText(
      "after",
      `
A file's path below the folder given is its external id: ingesting again replaces what changed and leaves the rest alone.
Exit status: 0 all searchable, 1 some file failed (each with its reason), 2 wrong usage.

Examples:
  footnote ingest ./handbook --collection handbook
  footnote ingest report.pdf minutes.docx --json`,
    )
    .action(async (paths: string[], options: IngestOptions) => {
      const { env, folder, output } = await prepare(context, options);
      const files = await findFiles(paths.map((path) => resolve(context.cwd, path)));
      if (files.length === 0) throw new FootnoteError("invalid_request", "There are no files below the given paths; check them.");
      const connection = await connect({ env, folder, warm: true });
      try {
        const counts = await ingestFiles({
          client: connection.client,
          collection: options.collection,
          files,
          output,
          prune: options.prune ?? false,
          signal: context.signal,
        });
        if (output.json) output.print("", { type: "summary", files: files.length, ...counts });
        if (counts.failed + counts.refused > 0) context.exitCode = 1;
      } finally {
        await connection.close();
      }
    });
}
