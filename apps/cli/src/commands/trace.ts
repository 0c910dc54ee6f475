import { mkdir, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { FootnoteError } from "@footnote/core";
import type { Command } from "commander";
import { connect, isNotFound } from "../connection.ts";
import { prepare } from "../prepare.ts";
import { type CommonOptions, type Context, printableJson } from "@footnote/terminal";

interface ExportOptions extends CommonOptions {
  out?: string;
}

export function addTrace(program: Command, context: Context): void {
  const trace = program
    .command("trace")
    .description("what each step of an answer was given and gave")
    .addHelpText("after", "\nExample:\n  footnote trace export ans_… --out slow-answer.json");
  trace
    .command("export")
    .description("one answer's queries, candidates with scores, sources, model request and output, citations and claims, as JSON")
    .argument("<answer>", "an answer's id: ans_…")
    .option("-o, --out <file>", "write it there (with mode 600: it holds text of documents); default: standard output")
    .addHelpText("after", "\nExample:\n  footnote trace export ans_… --out slow-answer.json")
    .action(async (answer: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ExportOptions>();
      const { env, folder, output } = await prepare(context, options);
      const connection = await connect({ env, folder });
      try {
        const exported = await connection.client.answers.trace(answer, { signal: context.signal }).catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
          throw new FootnoteError(
            "not_found",
            `There is no trace of an answer ${answer} here; ids are in the answers' JSON, as id or answerId.`,
            {
              cause: error,
            },
          );
        });
        if (options.out === undefined) {
          context.terminal.stdout.write(`${printableJson(exported)}\n`);
          return;
        }
        const path = resolve(context.cwd, options.out);
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, `${JSON.stringify(exported, null, 2)}\n`, { mode: 0o600 });
        const { chunks, trace: steps } = exported;
        output.print(`${path}: ${steps.searches.length} searches, ${steps.sources.length} sources, ${chunks.length} texts`, {
          type: "trace",
          path,
          answer: exported.answer.id,
        });
      } finally {
        await connection.close();
      }
    });
}
