import { isFootnoteError } from "@footnote/core";
import { isFootnoteApiError } from "@footnote/sdk";
import { Command, CommanderError } from "commander";
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
import type { Context } from "./context.ts";
import { printable, printableJson } from "./printable.ts";

export function createProgram(context: Context): Command {
  const { stdout, stderr } = context.terminal;
  const program = new Command("footnote")
    .description("Answers from your documents, every sentence with a footnote to its source.")
    .showHelpAfterError("(--help says more)")
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      getOutHelpWidth: () => Math.min(stdout.columns ?? 100, 110),
      getErrHelpWidth: () => Math.min(stderr.columns ?? 100, 110),
    })
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
    command.exitOverride().copyInheritedSettings(command.parent ?? command);
    if (command.commands.length === 0) {
      command.option("--json", "print JSON, one object a line");
      // Evaluations work in a store of their own.
      if (command.parent?.name() !== "eval") command.option("--data-dir <folder>", "default: FOOTNOTE_DATA_DIR, .footnote");
    }
  });
  return program;
}

function forEachCommand(command: Command, visit: (command: Command) => void): void {
  for (const child of command.commands) {
    visit(child);
    forEachCommand(child, visit);
  }
}

/** Runs one command line (without the program's name) and returns its exit status; errors are one sentence on stderr. */
export async function runCommand(argv: readonly string[], context: Context): Promise<number> {
  try {
    await createProgram(context).parseAsync([...argv], { from: "user" });
    return context.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (context.signal.aborted) return context.exitCode || 130;
    const { code, message } =
      isFootnoteError(error) || isFootnoteApiError(error)
        ? error
        : {
            code: "internal",
            message: `Something unexpected failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
          };
    if (argv.includes("--json")) context.terminal.stderr.write(`${printableJson({ type: "error", code, message })}\n`);
    else context.terminal.stderr.write(`${printable(message)}\n`);
    return 1;
  }
}
