export { fakeTerminal } from "./fake-terminal.ts";
export { runCommandLine, startCommandLine } from "./run-command-line.ts";
export type { Ran, RunOptions } from "./run-command-line.ts";
