import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { FootnoteError } from "@footnote/core";
import type { Command } from "commander";
import { type Context, createOutput } from "@footnote/terminal";

interface CheckOptions {
  json?: boolean;
  documents?: string;
}

export function addEvalCheck(evaluate: Command, context: Context): void {
  const { signal, cwd } = context;
  evaluate
    .command("check")
    .description("hold a golden set against its documents: places, splits, tags; nothing is asked")
    .argument("[dataset]", "cases as JSON Lines; default: every set of ours below evals/")
    .option("--documents <folder>", "files that the cases are about; external ids are paths below it")
    .addHelpText(
      "after",
      `
Every quote must stand exactly once in its document as the parsers read it, letter by letter. Train and test must share no place and no
question, and every tag of ten cases or more must be in both. It asks for more than eval run does: an answerable case has a place and a
referenceAnswer, every case a tag, and unanswerable cases and those with history are tagged unanswerable and follow-up.
The documents are parsed in this process: check files of your own.

Exit status: 0 sound, 1 problems found, 2 wrong usage.

Examples:
  pnpm eval check
  pnpm eval check my-questions.jsonl --documents ./my-documents`,
    )
    .action(async (dataset: string | undefined, options: CheckOptions, command: Command) => {
      if (dataset !== undefined && options.documents === undefined) {
        command.error("error: A dataset of your own needs --documents: name the folder that it asks about.");
      }
      if (dataset === undefined && options.documents !== undefined) {
        command.error("error: --documents needs a dataset: name the file with the cases about them.");
      }
      const output = createOutput({ json: options.json ?? false, terminal: context.terminal });
      const { readEvalCases } = await import("@footnote/evaluation");
      const { checkCases } = await import("@footnote/evaluation/datasets");
      const { goldenSets } = await import("../golden-sets.ts");
      const { parseFolder } = await import("../parse-folder.ts");
      const sets =
        dataset === undefined || options.documents === undefined
          ? goldenSets()
          : [{ name: basename(dataset), questions: resolve(cwd, dataset), documents: resolve(cwd, options.documents) }];
      for (const { name, questions, documents } of sets) {
        const lines = await readFile(questions, "utf8").catch((cause: unknown) => {
          throw new FootnoteError("invalid_request", `The dataset ${name} cannot be read; name a file of JSON Lines.`, { cause });
        });
        const cases = readEvalCases(lines, basename(questions));
        if (cases.length === 0) {
          throw new FootnoteError("invalid_request", `The dataset ${basename(questions)} has no case; write one a line.`);
        }
        const parsed = await parseFolder(documents, signal);
        const report = checkCases({ cases, documents: new Map([...parsed].map(([id, { text }]) => [id, text])) });
        const answerable = cases.filter((row) => row.answerable).length;
        const train = cases.filter(({ split }) => split === "train").length;
        output.print(
          [
            `${name}: ${cases.length} questions (${train} train, ${cases.length - train} test; ${answerable} answerable), ${report.documents} of ${parsed.size} documents asked about`,
            ...report.tags.map(
              ({ tag, train, test }) => `  ${tag.padEnd(20)} ${String(train).padStart(4)} train ${String(test).padStart(4)} test`,
            ),
            ...report.problems.map((problem) => `  PROBLEM ${problem}`),
            report.problems.length === 0 ? "  sound" : `  ${report.problems.length} problems`,
          ].join("\n"),
          { name, questions: cases.length, train, answerable, ...report },
        );
        if (report.problems.length > 0) context.exitCode = 1;
      }
    });
}
