import { resolve } from "node:path";
import type { Command } from "commander";
import { type Context, createOutput } from "@footnote/terminal";

interface JudgesOptions {
  json?: boolean;
  cache?: string;
  fit?: boolean;
  write?: boolean;
}

/** `eval judges`: how far the judges that need no model may be trusted. */
export function addEvalJudges(evaluate: Command, context: Context): void {
  const { signal, variables, cwd } = context;
  evaluate
    .command("judges")
    .description("the judges that need no model beside people's labels: SciFact's claims, SQuAD's unanswerable questions")
    .option("--cache <folder>", "keep embeddings there for later runs; for one process at a time")
    .option("--fit", "fit their constants on training rows instead, and print them")
    .option("--write", "with --fit: write them as the next versions, beside those that are shipped")
    .addHelpText(
      "after",
      "\nReports on SciFact's validation claims and on every second article of SQuAD; --fit reads the other rows only.\nA set that is not there is skipped, with a line that says so.\n",
    )
    .action(async (options: JudgesOptions) => {
      const output = createOutput({ json: options.json ?? false, terminal: context.terminal });
      const { fitJudges, formatJudgesReport, runJudges, writeJudges } = await import("../run-judges.ts");
      const { inCheckout } = await import("../shared-folder.ts");
      const run = {
        variables,
        signal,
        log: (line: string) => output.note(line),
        ...(options.cache ? { cacheDir: resolve(cwd, options.cache) } : {}),
      };
      if (options.fit) {
        const fitted = await fitJudges(run);
        if (!fitted) {
          output.print("skipped: the sets are not here; set FOOTNOTE_SHARED", { type: "skipped" });
          return;
        }
        output.print(JSON.stringify(fitted, null, 2), fitted);
        if (options.write) {
          const written = await writeJudges(inCheckout(""), fitted);
          output.print(`written: ${written.join(", ")}; a version judges once its judge reads it, as another version of that judge`, {
            written,
          });
        }
        return;
      }
      const report = await runJudges(run);
      for (const name of report.skipped) output.print(`skipped: ${name} is not here; set FOOTNOTE_SHARED`, { type: "skipped", set: name });
      output.print(formatJudgesReport(report), report);
    });
}
