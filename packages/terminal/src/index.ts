export type { CommonOptions, Context } from "./context.ts";
export { decimalNumber, wholeNumber } from "./number-option.ts";
export { createOutput } from "./output.ts";
export type { Output, Progress, Terminal } from "./output.ts";
export { printable, printableJson } from "./printable.ts";
export { configureProgram, forEachCommand, runProgram } from "./run-program.ts";
