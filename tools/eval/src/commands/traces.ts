import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { FootnoteError } from "@footnote/core";
import { type TraceExport, traceExportSchema } from "@footnote/sdk";
import type { Command } from "commander";
import { type Context, createOutput } from "@footnote/terminal";

interface TracesOptions {
  json?: boolean;
  record?: boolean;
}

export function addEvalTraces(evaluate: Command, context: Context): void {
  evaluate
    .command("traces")
    .description("replay recorded answers with today's code and say which step came out differently")
    .argument("[folder]", "folder of exported traces", "evals/traces")
    .option("--record", "ask the sample documents again and write the traces anew: after a change that is meant")
    .addHelpText(
      "after",
      `
What index, reranker and model said is taken from the trace; everything between is done again.
Exit status: 0 all as recorded, 1 some step differs, 2 wrong usage.

Examples:
  pnpm eval traces
  footnote trace export ans_… --out my-traces/slow.json && pnpm eval traces my-traces`,
    )
    .action(async (folder: string, options: TracesOptions) => {
      const output = createOutput({ json: options.json ?? false, terminal: context.terminal });
      const path = resolve(context.cwd, folder);
      if (options.record === true) {
        const { recordTraces } = await import("../record-traces.ts");
        await recordTraces({ folder: path, variables: context.variables, log: (line) => output.note(line) });
      }
      const { describeReplay, replayTrace } = await import("../replay-trace.ts");
      const names = await readdir(path).catch((cause: unknown) => {
        throw new FootnoteError("invalid_request", `There is no folder ${folder}; name one of exported traces.`, { cause });
      });
      const files = names.filter((name) => name.endsWith(".json")).toSorted();
      if (files.length === 0) {
        throw new FootnoteError("invalid_request", `There is no trace in ${folder}; export one with footnote trace export ans_… --out.`);
      }
      for (const file of files) {
        const trace = readTrace(await readFile(join(path, file), "utf8"), file);
        const replay = await replayTrace(trace);
        output.print(`${replay.differences.length === 0 ? "ok    " : "FAILED"} ${file}: ${describeReplay(replay)}`, {
          type: "replay",
          file,
          ok: replay.differences.length === 0,
          steps: replay.differences.map(({ step }) => step),
          skipped: replay.skipped,
        });
        if (replay.differences.length > 0) context.exitCode = 1;
      }
    });
}

/** A file of the folder as an exported trace; a folder may hold other JSON. */
function readTrace(text: string, file: string): TraceExport {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Falls to the sentence below.
  }
  const parsed = traceExportSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new FootnoteError("invalid_request", `${file} is no trace that footnote trace export wrote; move it out of the folder.`);
}
