import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { type Context, createOutput, wholeNumber } from "@footnote/terminal";
import { formatGoal } from "../goals.ts";

interface AnswersOptions {
  json?: boolean;
  cache?: string;
  every: number;
  pipeline: string;
  plot?: string;
  fit?: boolean;
  write?: boolean;
}

/** `eval answers`: which sentence the extractive model cites first, and when it abstains, on questions of others. */
export function addEvalAnswers(evaluate: Command, context: Context): void {
  const { signal, variables, cwd } = context;
  evaluate
    .command("answers")
    .description("SQuAD through the store and the answer path: the sentence cited first, abstention and its ROC")
    .option("--pipeline <name>", "a shipped one", "default")
    .option("--every <number>", "only every so many questions; no goal is judged then", wholeNumber(), 1)
    .option("--cache <folder>", "keep embeddings there for later runs; for one process at a time")
    .option("--plot <file>", "write the ROC there as SVG")
    .option("--fit", "also fit the formulas on the articles for fitting and on our own training questions, and print them")
    .option("--write", "with --fit: write them as the next version, beside those that are shipped")
    .addHelpText(
      "after",
      `
Articles are dealt in the order of the file: every second one is for fitting, the others are reported. Everything but HTTP and storing the answer takes part.
Goals, on the articles for reporting: answering sentence first ≥ 0.77, among the first three ≥ 0.90, abstention better than always and never answering.
`,
    )
    .action(async (options: AnswersOptions) => {
      const output = createOutput({ json: options.json ?? false, terminal: context.terminal });
      const { findShared, inCheckout } = await import("../shared-folder.ts");
      const folder = findShared("data/retrieval/squad-v2", variables);
      if (!folder) {
        output.print("skipped: squad-v2 is not here; set FOOTNOTE_SHARED", { type: "skipped", set: "squad-v2" });
        return;
      }
      const { fitOnAnswers, formatFit, runAnswers, writeFormulas } = await import("../run-answers.ts");
      const { answersGoals, drawAnswersRoc, formatAnswersReport } = await import("../answers-report.ts");
      const cache = options.cache ? { cacheDir: resolve(cwd, options.cache) } : {};
      const run = { folder, variables, log: (line: string) => output.note(line), signal, ...cache };
      const { answered, reports, minSupport } = await runAnswers({ ...run, pipeline: options.pipeline, every: options.every });
      for (const report of reports) output.print(formatAnswersReport(report), report);
      if (options.plot) {
        const of = (split: "train" | "test") => answered.filter(({ question }) => question.split === split);
        const groups = [
          { name: "articles for reporting", answered: of("test") },
          { name: "articles fitted on", answered: of("train") },
        ];
        await writeFile(resolve(cwd, options.plot), drawAnswersRoc(groups, minSupport));
      }
      if (options.fit) {
        const fit = await fitOnAnswers({ ...run, answered, minSupport });
        output.print(formatFit(fit), fit);
        if (options.write) {
          const written = await writeFormulas(inCheckout(""), fit);
          output.print(`written: ${written.join(", ")}; a version serves once shipped-formulas.ts lists it`, { written });
        }
      }
      const goals = options.every === 1 ? reports.filter(({ name }) => name.includes("for reporting")).flatMap(answersGoals) : [];
      for (const goal of goals) if (!output.json) output.print(formatGoal(goal));
      if (goals.some(({ met }) => !met)) context.exitCode = 1;
    });
}
