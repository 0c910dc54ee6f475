import { type Context, configureProgram, forEachCommand, runProgram } from "@footnote/terminal";
import { Command } from "commander";
import { addAsk } from "./commands/ask.ts";
import { addBackup } from "./commands/backup.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addEval } from "./commands/eval.ts";
import { addIngest } from "./commands/ingest.ts";
import { addKeys } from "./commands/keys.ts";
import { addMigrate } from "./commands/migrate.ts";
import { addSearch } from "./commands/search.ts";
import { addServe } from "./commands/serve.ts";
import { addTenants } from "./commands/tenants.ts";
import { addTrace } from "./commands/trace.ts";
import { addWorker } from "./commands/worker.ts";

export function createProgram(context: Context): Command {
  const program = configureProgram(new Command("footnote"), context)
    .description("Answers from your documents, every sentence with a footnote to its source.")
    .addHelpText(
      "after",
      `
Exit status: 0 done, 1 failed, 2 wrong usage; \`ask\` ends with 3 when the documents do not hold the answer.

Examples:
  footnote serve --demo                          a server over sample documents
  footnote ask "How do I reset it?" --docs ./manuals
  footnote <command> --help                      more about a command`,
    );
  for (const add of [
    addServe,
    addAsk,
    addSearch,
    addIngest,
    addWorker,
    addTenants,
    addKeys,
    addMigrate,
    addBackup,
    addDoctor,
    addEval,
    addTrace,
  ]) {
    add(program, context);
  }
  forEachCommand(program, (command) => {
    if (command.commands.length > 0) return;
    command.option("--json", "print JSON, one object a line").option("--data-dir <folder>", "default: FOOTNOTE_DATA_DIR, .footnote");
  });
  return program;
}

/** Runs one command line (without the program's name) and returns its exit status; errors are one sentence on stderr. */
export const runCommand = (argv: readonly string[], context: Context): Promise<number> => runProgram(createProgram, argv, context);
