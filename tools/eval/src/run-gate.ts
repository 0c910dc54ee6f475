import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FootnoteError } from "@footnote/core";
import { datasetHash, judgeNames } from "@footnote/evaluation";
import {
  acceptBaseline,
  assertSameGround,
  type Baseline,
  type GateReport,
  type GateRun,
  type GateSettings,
  judgeGate,
  meanMetric,
} from "@footnote/evaluation/gate";
import { formatGateHtml, formatGateJunit, formatGateMarkdown } from "@footnote/evaluation/reports";
import { baselinePath, readBaseline, writeBaseline } from "./gate-baselines.ts";
import { type AskCandidates, type CandidateOptions, gateDatasets, questionsDataset, withGateStore } from "./gate-runs.ts";
import type { Fault } from "./injected-faults.ts";

export interface GateOptions extends CandidateOptions {
  settings: GateSettings;
  /** Folder of the committed baselines. */
  baselines: string;
}

/** Runs the candidate and holds it against its baselines. */
export async function runGate(options: GateOptions & { fault?: Fault }): Promise<GateReport> {
  const { fault, settings } = options;
  const known = await readComparableBaselines(options);
  return await withGateStore({ ...options, faults: fault ? [fault] : [] }, (ask) => judgeCandidates({ ask, known, settings, fault }));
}

async function judgeCandidates(options: {
  ask: AskCandidates;
  known: readonly Baseline[];
  settings: GateSettings;
  fault: Fault | undefined;
}): Promise<GateReport> {
  const { ask, known, settings, fault } = options;
  const runs = (await ask(fault)).map((candidate) => ({
    candidate,
    baseline: known.find(({ dataset, pipeline }) => dataset.name === candidate.dataset.name && pipeline === candidate.pipeline),
  }));
  return judgeGate({
    pairs: runs.flatMap(({ candidate, baseline }) => (baseline ? [{ candidate, baseline }] : [])),
    unpaired: runs.flatMap(({ candidate, baseline }) => (baseline ? [] : [candidate])),
    settings,
  });
}

/** The baselines, once it is sure that they can be compared with what will be run: that is said before minutes are spent. */
async function readComparableBaselines(options: GateOptions): Promise<Baseline[]> {
  const { cases, split, judges } = options;
  const known = await readBaselines(options);
  const dataset = { name: questionsDataset, sha256: datasetHash(cases.filter((one) => one.split === split)), split };
  for (const baseline of known.filter((one) => one.dataset.name === questionsDataset)) {
    assertSameGround({ pipeline: baseline.pipeline, dataset, judges: judgeNames(judges), corpus: null }, baseline);
  }
  return known;
}

/** Runs the candidate and writes what it did as the new baselines; the reason stays with them. */
export async function updateBaselines(
  options: GateOptions & { reason: string },
): Promise<{ path: string; before: Baseline | null; baseline: Baseline }[]> {
  const { baselines, reason } = options;
  const runs = await withGateStore(options, (ask) => ask());
  const at = new Date().toISOString();
  const written = [];
  for (const run of runs) {
    const { name: dataset, split } = run.dataset;
    const before = await readBaseline(baselinePath(baselines, { dataset, split, pipeline: run.pipeline }));
    const baseline = acceptBaseline({ run, before, reason, at });
    written.push({ path: await writeBaseline(baselines, baseline), before, baseline });
  }
  return written;
}

/** The baselines of every pipeline on every dataset of the gate. Throws `not_found` where one is missing. */
export async function readBaselines({
  pipelineNames,
  baselines,
  split,
}: Pick<GateOptions, "pipelineNames" | "baselines" | "split">): Promise<Baseline[]> {
  const known: Baseline[] = [];
  for (const pipeline of pipelineNames) {
    for (const dataset of gateDatasets) {
      const baseline = await readBaseline(baselinePath(baselines, { dataset, split, pipeline }));
      if (!baseline) {
        throw new FootnoteError(
          "not_found",
          `Pipeline ${pipeline} has no baseline for ${dataset} (${split}); make the first one: pnpm eval gate --update-baseline "<why>"`,
        );
      }
      known.push(baseline);
    }
  }
  return known;
}

export interface FaultOutcome {
  fault: Fault;
  caught: boolean;
  report: GateReport;
  seconds: number;
}

/** Each fault through the whole gate. One that is not caught says that the gate would let it pass. */
export async function runFaultMatrix(
  options: GateOptions & { faults: readonly Fault[]; onFault?: (outcome: FaultOutcome) => Promise<void> },
): Promise<FaultOutcome[]> {
  const { faults, settings, onFault } = options;
  const known = await readComparableBaselines(options);
  const outcomes: FaultOutcome[] = [];
  // Faults that leave the index alone share a store.
  const groups = [faults.filter(({ engine }) => !engine), ...faults.filter(({ engine }) => engine).map((fault) => [fault])];
  for (const group of groups.filter(({ length }) => length > 0)) {
    await withGateStore({ ...options, faults: group }, async (ask) => {
      for (const fault of group) {
        const began = Date.now();
        const report = await judgeCandidates({ ask, known, settings, fault });
        // Time is no quality: a busy machine must not pass for a fault that was found.
        const caught = report.comparisons.some(({ regressed }) => regressed) || report.floors.some(({ met }) => !met);
        const outcome = { fault, caught, report, seconds: Math.round((Date.now() - began) / 1_000) };
        outcomes.push(outcome);
        await onFault?.(outcome);
      }
    });
  }
  return outcomes;
}

/** report.md, junit.xml, index.html and report.json. */
export async function writeGateReports(folder: string, report: GateReport): Promise<void> {
  await mkdir(folder, { recursive: true });
  await Promise.all([
    writeFile(join(folder, "report.md"), formatGateMarkdown(report)),
    writeFile(join(folder, "junit.xml"), formatGateJunit(report)),
    writeFile(join(folder, "index.html"), formatGateHtml(report)),
    writeFile(join(folder, "report.json"), `${JSON.stringify(report)}\n`),
  ]);
}

/** Means of the gated metrics before and after, one line each. */
export function formatBaselineChange(before: GateRun | null, after: GateRun, metrics: readonly string[]): string[] {
  const show = (value: number | null) => (value === null ? "–" : value.toFixed(3));
  return [
    `${after.pipeline} on ${after.dataset.name}: ${after.cases.length} questions`,
    ...metrics.flatMap((metric) => {
      const is = meanMetric(after.cases, metric);
      const was = before && meanMetric(before.cases, metric);
      return is === null && was === null ? [] : [`  ${metric} ${before === null ? "" : `${show(was)} → `}${show(is)}`];
    }),
  ];
}
