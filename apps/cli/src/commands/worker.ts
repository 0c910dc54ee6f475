import type { Command } from "commander";
import type { CommonOptions, Context } from "@footnote/terminal";
import { serve } from "./serve.ts";

export function addWorker(program: Command, context: Context): void {
  program
    .command("worker")
    .description("work on documents only: the same as `serve --no-api`")
    .addHelpText(
      "after",
      `\nA fleet runs several of these beside \`footnote serve --no-worker\`, on one DATABASE_URL.

Example:
  DATABASE_URL=postgres://… footnote worker`,
    )
    .action(async (options: CommonOptions) => await serve(context, { ...options, api: false, worker: true }));
}
