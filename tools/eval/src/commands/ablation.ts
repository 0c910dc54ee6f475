import { resolve } from "node:path";
import { InvalidArgumentError } from "commander";
import type { Command } from "commander";
import { type CommonOptions, type Context, createOutput, wholeNumber } from "@footnote/terminal";
import { alwaysMeasured, goldenSetName, measuredInFull } from "../ablation-sets.ts";

interface AblationOptions extends CommonOptions {
  full?: boolean;
  train?: boolean;
  steps?: string[];
  sets?: string[];
  limit?: number;
  cache: string;
  docs?: string;
  kept?: boolean;
  /** Commander's name of --no-write. */
  write: boolean;
}

const list = (value: string) =>
  value
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);

const sets = [...alwaysMeasured, goldenSetName, ...measuredInFull];

function setsOf(value: string): string[] {
  const names = list(value);
  const unknown = names.find((name) => !sets.includes(name));
  if (unknown === undefined) return names;
  throw new InvalidArgumentError(`There is no set ${unknown}; name some of ${sets.join(", ")}.`);
}

export function addEvalAblation(evaluate: Command, context: Context): void {
  const { signal, variables, cwd } = context;
  evaluate
    .command("ablation")
    .description("what each step of the pipeline does: one thing changed at a time, on the golden set and public sets")
    .option("--full", "SciFact and SQuAD as well: hours, unless their embeddings are kept already")
    .option("--train", "also the training sets, on which steps are chosen: SciFact's train claims and the golden set's train split")
    .option("--steps <names>", "only these, separated by commas, such as fusion,reranker", list)
    .option(
      "--sets <names>",
      `only these, separated by commas: ${alwaysMeasured.join(", ")}, ${goldenSetName} (the golden set); with --full also ${measuredInFull.join(", ")}`,
      setsOf,
    )
    .option("--limit <number>", "only the first so many questions of each set", wholeNumber())
    .option("--kept", "measure nothing: report what earlier runs measured, the rest as unmeasured")
    .option("--cache <folder>", "results and embeddings of earlier runs; for one process at a time", ".cache")
    .option("--docs <folder>", "where quality/ablation.md and quality/ablation.svg are written; default: docs of the checkout")
    .option("--no-write", "only print; docs/quality/ablation.md stays as it is")
    .addHelpText(
      "after",
      `
Measures what it has not measured before, so a run that was interrupted goes on; a result is known by set and pipeline, not by the code.
After a change of the code that figures may depend on, use another --cache or remove its ablation folder.
Rows that need a language model are measured where MODEL_URL and MODEL_NAME are set.

Examples:
  pnpm eval ablation
  pnpm eval ablation --sets code-chunks --steps fusion --no-write`,
    )
    .action(async (options: AblationOptions) => {
      const output = createOutput({ json: options.json ?? false, terminal: context.terminal });
      const { createSystemClock } = await import("@footnote/core");
      const { readEnvironment } = await import("@footnote/server/env");
      const { openModel } = await import("@footnote/server/models");
      const { inCheckout } = await import("../shared-folder.ts");
      const { formatAblationReport, runAblation, writeAblation } = await import("../run-ablation.ts");
      const model = await openModel({ env: readEnvironment({ variables, folder: cwd }), role: "MODEL", clock: createSystemClock() });
      const report = await runAblation({
        cacheDir: resolve(cwd, options.cache),
        model,
        variables,
        log: (line) => output.note(line),
        signal,
        ...(options.kept ? { measure: false } : {}),
        ...(options.full ? { full: true } : {}),
        ...(options.train ? { train: true } : {}),
        ...(options.steps ? { steps: options.steps } : {}),
        ...(options.sets ? { sets: options.sets } : {}),
        ...(options.limit === undefined ? {} : { limit: options.limit }),
      });
      if (options.write) await writeAblation(report, options.docs ? resolve(cwd, options.docs) : inCheckout("docs"));
      const { rows, trainRows, sets } = report;
      const plain = (list: typeof rows) => list.map((row) => ({ ...row, differences: Object.fromEntries(row.differences) }));
      output.print(formatAblationReport(report), { sets, rows: plain(rows), trainRows: plain(trainRows) });
    });
}
