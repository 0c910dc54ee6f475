import { join, resolve } from "node:path";
import { FootnoteError } from "@footnote/core";
import type { Split } from "@footnote/evaluation";
import { InvalidArgumentError, Option } from "commander";
import type { Command } from "commander";
import { type Context, createOutput, wholeNumber } from "@footnote/terminal";
import { readEnvironment } from "@footnote/server/env";

interface GateCommandOptions {
  json?: boolean;
  split: Split;
  pipelines: string[];
  gates?: string;
  baselines?: string;
  report?: string;
  inject?: string;
  matrix?: boolean;
  only?: string[];
  updateBaseline?: string;
}
interface SimulationOptions {
  json?: boolean;
  gates?: string;
  baselines?: string;
  trials: number;
  metrics?: string[];
  seed: number;
}

const both = ["default", "hybrid-rrf-rerank"];
const list = (value: string): string[] => value.split(",").map((name) => name.trim());

function reasonOf(value: string): string {
  if (value.trim().length >= 10) return value;
  throw new InvalidArgumentError("Say in a sentence what changed and why the new figures are right.");
}

/** `eval gate`, `eval power` and `eval false-alarms`. */
export function addEvalGate(evaluate: Command, context: Context): void {
  const { signal, variables, cwd } = context;
  const read = async ({ gates, baselines }: { gates?: string; baselines?: string }) => {
    const { readGateSettings } = await import("../gate-settings.ts");
    const { inCheckout } = await import("../shared-folder.ts");
    return {
      settings: await readGateSettings(gates ? resolve(cwd, gates) : inCheckout("evals/gates.json")),
      baselines: baselines ? resolve(cwd, baselines) : inCheckout("evals/baselines"),
    };
  };
  const gatesOption = () => new Option("--gates <file>", "settings of the gate; default: evals/gates.json");
  const baselinesOption = () => new Option("--baselines <folder>", "default: evals/baselines");

  const gate = evaluate
    .command("gate")
    .description("hold the pipelines, as they are here, against their committed baselines and the floors")
    .option("--pipelines <names>", "separated by commas", list, both)
    .addOption(new Option("--split <name>", "which cases").choices(["train", "test"]).default("test"))
    .addOption(gatesOption())
    .addOption(baselinesOption())
    .option("--report <folder>", "index.html, report.md, junit.xml and report.json go there; default: .cache/eval-gate")
    .option("--update-baseline <reason>", "accept the figures as they are now; the reason is kept beside them", reasonOf)
    .option("--inject <name>", "inject a known fault: the gate must fail")
    .option("--matrix", "inject every known fault, one after the other; fails when one is not found")
    .option("--only <names>", "faults of --matrix, separated by commas", list)
    .addHelpText(
      "after",
      `
Compares every metric in every slice with the baseline, all as one family: at most one comparison in twenty of runs that
are alike fails at all. docs/evaluation.md says how.

Exit status: 0 no regression and every floor met, 1 a regression, a floor missed or something failed, 2 wrong usage.
With --inject and --matrix the same: an injected fault that is found ends with 1, a matrix in which all are found with 0.

Examples:
  pnpm eval gate
  pnpm eval gate --update-baseline "Chunks of 160 tokens: recall of tables is up, see decision 0070"
  pnpm eval gate --inject drop-lexical`,
    )
    .action(async (options: GateCommandOptions) => {
      const output = createOutput({ json: options.json ?? false, terminal: context.terminal });
      await checkChoice(options);
      const { settings, baselines } = await read(options);
      const { formatBaselineChange, runGate, runFaultMatrix, updateBaselines, writeGateReports } = await import("../run-gate.ts");
      const { openJudges } = await import("@footnote/server/judges");
      const { readHandbookCases } = await import("../handbook-store.ts");
      const { inCheckout } = await import("../shared-folder.ts");
      const { formatGateTable } = await import("@footnote/evaluation/reports");
      const { chosen, matrix } = await chooseFaults(options);
      const reportFolder = () => (options.report ? resolve(cwd, options.report) : inCheckout(".cache/eval-gate"));
      const { openRagas } = await import("@footnote/server/ragas-scores");
      const log = (line: string) => output.note(line);
      const env = readEnvironment({ variables, folder: cwd });
      const ragas = await openRagas(env, { log, signal });
      const { openModel } = await import("@footnote/server/models");
      const { createSystemClock } = await import("@footnote/core");
      // Generated answers are held to the floors wherever both a model and a judge are configured, and have no baseline: models differ.
      const isJudging = options.updateBaseline === undefined && !options.matrix && chosen === undefined;
      const model = ragas && isJudging ? await openModel({ env, role: "MODEL", clock: createSystemClock() }) : null;
      const { judges, close } = openJudges();
      const bars = new Map<string, ReturnType<typeof output.progress>>();
      const common = {
        cases: await readHandbookCases(),
        split: options.split,
        pipelineNames: options.pipelines,
        judges,
        settings,
        baselines,
        variables,
        log,
        ...(ragas ? { ragas } : {}),
        ...(model ? { model } : {}),
        onProgress({ pipeline, done, total }: { pipeline: string; done: number; total: number }) {
          const bar = bars.get(pipeline) ?? output.progress(`Asking ${pipeline}`, total);
          bars.set(pipeline, bar);
          bar.update(done);
          if (done < total) return;
          bar.end();
          bars.delete(pipeline);
        },
        signal,
      };
      try {
        if (options.updateBaseline !== undefined) {
          for (const { path, before, baseline } of await updateBaselines({ ...common, reason: options.updateBaseline })) {
            output.print(formatBaselineChange(before, baseline, settings.metrics).join("\n"), {
              dataset: baseline.dataset.name,
              pipeline: baseline.pipeline,
              path,
              history: baseline.history.length,
            });
          }
        } else if (matrix) {
          const folder = reportFolder();
          const outcomes = await runFaultMatrix({
            ...common,
            faults: matrix,
            async onFault({ fault, caught, report, seconds }) {
              await writeGateReports(join(folder, fault.name), report);
              const regressions = report.comparisons.filter(({ regressed }) => regressed).length;
              const floors = report.floors.filter(({ met }) => !met).length;
              const reason = report.problems[0] ?? null;
              output.print(
                `${caught ? "found " : "MISSED"}  ${fault.name}: ${fault.description} (${regressions} regressions, ${floors} floors, ${seconds} s)${reason === null ? "" : `\n        ${reason}`}`,
                { name: fault.name, description: fault.description, caught, regressions, floors, reason, seconds },
              );
            },
          });
          const missed = outcomes.filter(({ caught }) => !caught);
          if (!output.json) output.print(`${outcomes.length - missed.length} of ${outcomes.length} injected faults found`);
          if (missed.length > 0) context.exitCode = 1;
        } else {
          const report = await runGate({ ...common, ...(chosen ? { fault: chosen } : {}) });
          const folder = reportFolder();
          await writeGateReports(folder, report);
          output.print(formatGateTable(report), report);
          output.note(`Reports are in ${options.report ?? ".cache/eval-gate"}: index.html, report.md, junit.xml.`);
          if (report.verdict === "failed") context.exitCode = 1;
        }
      } finally {
        for (const bar of bars.values()) bar.end();
        await close();
      }
    });

  /** Ends the command with 2 where the options contradict each other, or name what does not exist. */
  const checkChoice = async ({ updateBaseline, inject, matrix, pipelines: wanted }: GateCommandOptions) => {
    if (updateBaseline !== undefined && (inject !== undefined || matrix)) {
      gate.error("error: an injected fault is no baseline; leave --inject and --matrix out", { exitCode: 2 });
    }
    const { pipelines } = await import("@footnote/retrieval");
    const unknown = wanted.find((name) => !Object.hasOwn(pipelines, name));
    if (unknown === undefined) return;
    gate.error(`error: there is no shipped pipeline ${unknown}; known are ${Object.keys(pipelines).join(", ")}`, { exitCode: 2 });
  };

  /** The fault of --inject, and those of --matrix. */
  const chooseFaults = async ({ inject, matrix, only }: GateCommandOptions) => {
    const { faults } = await import("../injected-faults.ts");
    const faultOf = (name: string) => {
      const found = faults.find((each) => each.name === name);
      if (found) return found;
      return gate.error(`error: there is no fault ${name}; known are ${faults.map((each) => each.name).join(", ")}`, { exitCode: 2 });
    };
    return { chosen: inject === undefined ? undefined : faultOf(inject), matrix: matrix ? (only?.map(faultOf) ?? faults) : undefined };
  };

  const twoRuns = async (options: SimulationOptions) => {
    const { settings, baselines } = await read(options);
    const { readBaselines } = await import("../run-gate.ts");
    const known = await readBaselines({ pipelineNames: both, baselines, split: "test" });
    const runs = [...Map.groupBy(known, ({ dataset }) => dataset.name).values()].flatMap(([one, other]) =>
      one && other ? [[one, other] as const] : [],
    );
    return { settings, runs };
  };

  evaluate
    .command("false-alarms")
    .description("how often the gate fails between two runs that are alike: the baselines with labels swapped at random per question")
    .addOption(gatesOption())
    .addOption(baselinesOption())
    .option("--trials <number>", "comparisons", wholeNumber(), 1_000)
    .option("--seed <number>", "of the swaps", wholeNumber(), 1)
    .addHelpText("after", "\nExit status: 0 between 1 and 7 % of the comparisons fail, 1 not, 2 wrong usage.\n")
    .action(async (options: SimulationOptions) => {
      const output = createOutput({ json: options.json ?? false, terminal: context.terminal });
      const { settings, runs } = await twoRuns(options);
      const { measureFalseAlarms } = await import("@footnote/evaluation/gate");
      const bar = output.progress("Comparing", options.trials);
      const found = measureFalseAlarms({
        runs,
        settings,
        trials: options.trials,
        seed: options.seed,
        onTrial: (done, alarms) => bar.update(done, `${alarms} alarms`),
      });
      bar.end();
      const { alarms, trials, share, low, high, differing, questions } = found;
      output.print(
        `${alarms} of ${trials} comparisons of runs that are alike raised an alarm over all metrics and slices: ${percent(share)} [${percent(low)}, ${percent(high)}], meant ${percent(settings.familyWiseAlpha)}; ${differing} of ${questions} questions differ between ${both.join(" and ")}`,
        found,
      );
      if (share < 0.01 || share > 0.07) context.exitCode = 1;
    });

  evaluate
    .command("power")
    .description("how often the gate finds a loss of 2, 5 and 10 points of a metric, in ordinary changes")
    .addOption(gatesOption())
    .addOption(baselinesOption())
    .option("--trials <number>", "comparisons for each figure", wholeNumber(), 100)
    .option("--metrics <names>", "separated by commas; default: those with a floor", list)
    .option("--seed <number>", "of swaps and losses", wholeNumber(), 1)
    .addHelpText(
      "after",
      `
Only the one metric loses; a real regression moves several, and is found more often. "single questions": some lose all of it. "every
question": each loses the same share.
`,
    )
    .action(async (options: SimulationOptions) => {
      const output = createOutput({ json: options.json ?? false, terminal: context.terminal });
      const { settings, runs: all } = await twoRuns(options);
      const runs = all.find(([{ dataset }]) => dataset.name === "handbook");
      if (!runs) throw new FootnoteError("internal", "A baseline that was just read is gone; try again.");
      const { measurePower } = await import("@footnote/evaluation/gate");
      const metrics = options.metrics ?? [
        ...new Set(
          settings.floors
            .filter(({ metric, dataset }) => dataset === "handbook" && runs[0].cases.some(({ metrics: all }) => all[metric] !== undefined))
            .map(({ metric }) => metric),
        ),
      ];
      output.print(`${"metric".padEnd(26)} ${"loss".padStart(5)}  single questions      every question`);
      for (const metric of metrics) {
        for (const loss of [0.02, 0.05, 0.1]) {
          const found = (["lost", "spread"] as const).map((kind) =>
            measurePower({
              runs,
              settings: { ...settings, resamples: 2_000 },
              metric,
              loss,
              kind,
              trials: options.trials,
              seed: options.seed,
            }),
          );
          output.print(
            `${metric.padEnd(26)} ${`−${loss * 100}`.padStart(5)}  ${found.map(({ share, low, high }) => `${percent(share)} [${percent(low)}, ${percent(high)}]`.padEnd(22)).join("")}`.trimEnd(),
            found,
          );
          await new Promise((next) => setImmediate(next));
          if (signal.aborted) throw new FootnoteError("cancelled", "The work was cancelled.");
        }
      }
    });
}

const percent = (value: number): string => `${(value * 100).toFixed(1)} %`;
