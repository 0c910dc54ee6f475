import { type Ran, runCommandLine, type RunOptions, startCommandLine } from "@footnote/terminal/testing";
import { runCommand } from "../program.ts";

/** One command line, as the program would run it. */
export const runFootnote = (argv: readonly string[], options: RunOptions = {}): Promise<Ran> => runCommandLine(runCommand, argv, options);

/** A command that goes on until it is stopped; resolves when it has printed `until`. */
export const startFootnote = (argv: readonly string[], options: RunOptions & { until: RegExp }) =>
  startCommandLine(runCommand, argv, options);
