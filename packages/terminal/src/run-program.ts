import { isFootnoteError } from "@footnote/core";
import { isFootnoteApiError } from "@footnote/sdk";
import { type Command, CommanderError } from "commander";
import type { Context } from "./context.ts";
import { printable, printableJson } from "./printable.ts";

/** A program that writes to the context's terminal, suggests what was meant, and throws instead of ending the process. */
export function configureProgram(program: Command, context: Context): Command {
  const { stdout, stderr } = context.terminal;
  return program
    .showHelpAfterError("(--help says more)")
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      getOutHelpWidth: () => Math.min(stdout.columns ?? 100, 110),
      getErrHelpWidth: () => Math.min(stderr.columns ?? 100, 110),
    });
}

/** Visits every command below `command`; each takes over its parent's settings first. */
export function forEachCommand(command: Command, visit: (command: Command) => void): void {
  for (const child of command.commands) {
    child.exitOverride().copyInheritedSettings(command);
    visit(child);
    forEachCommand(child, visit);
  }
}

/** Runs one command line (without the program's name) and returns its exit status; errors are one sentence on stderr. */
export async function runProgram(createProgram: (context: Context) => Command, argv: readonly string[], context: Context): Promise<number> {
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
