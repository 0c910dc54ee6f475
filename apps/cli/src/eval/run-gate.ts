import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FootnoteError } from "@footnote/core";
import { datasetHash, type EvalCase, judgeNames, type Judges, type Split } from "@footnote/evaluation";
import {
  acceptBaseline,
  assertSameGround,
  type Baseline,
  formatGateHtml,
  formatGateJunit,
  formatGateMarkdown,
  type GateReport,
  type GateRun,
  type GateSettings,
  judgeGate,
  meanMetric,
} from "@footnote/evaluation/gate";
import { baselinePath, readBaseline, writeBaseline } from "./gate-baselines.ts";
import type { Plant } from "./gate-plants.ts";
import { runCandidates } from "./gate-runs.ts";

export interface GateOptions {
  cases: readonly EvalCase[];
  split: Split;
  pipelineNames: readonly string[];
  judges: Judges;
  settings: GateSettings;
  /** Folder of the committed baselines. */
  baselines: string;
  variables: Record<string, string | undefined>;
  log(line: string): void;
  onProgress?: (progress: { pipeline: string; done: number; total: number }) => void;
  signal?: AbortSignal;
}

/** Runs the candidate and holds it against its baselines. */
export async function runGate(options: GateOptions & { plant?: Plant }): Promise<GateReport> {
  // What cannot be compared is said before minutes are spent.
  const known = await readBaselines(options);
  const { cases, split, judges } = options;
  const dataset = { name: "handbook", sha256: datasetHash(cases.filter((one) => one.split === split)), split };
  for (const baseline of known.values()) {
    assertSameGround({ pipeline: baseline.pipeline, dataset, judges: judgeNames(judges), corpus: null }, baseline);
  }
  const runs = await runCandidates(options);
  return judgeGate({
    pairs: runs.flatMap((candidate) => {
      const baseline = known.get(candidate.pipeline);
      return baseline ? [{ candidate, baseline }] : [];
    }),
    settings: options.settings,
  });
}

/** Runs the candidate and writes what it did as the new baselines; the reason stays with them. */
export async function updateBaselines(
  options: GateOptions & { reason: string },
): Promise<{ path: string; pipeline: string; before: Baseline | null; baseline: Baseline }[]> {
  const { baselines, reason } = options;
  const runs = await runCandidates(options);
  const at = new Date().toISOString();
  const written = [];
  for (const run of runs) {
    const { name: dataset, split } = run.dataset;
    const before = await readBaseline(baselinePath(baselines, { dataset, split, pipeline: run.pipeline }));
    const baseline = acceptBaseline({ run, before, reason, at });
    written.push({ path: await writeBaseline(baselines, baseline), pipeline: run.pipeline, before, baseline });
  }
  return written;
}

/** The baselines of the handbook by pipeline. Throws `not_found` where one is missing. */
export async function readBaselines({
  pipelineNames,
  baselines,
  split,
}: Pick<GateOptions, "pipelineNames" | "baselines" | "split">): Promise<Map<string, Baseline>> {
  const known = new Map<string, Baseline>();
  for (const pipeline of pipelineNames) {
    const baseline = await readBaseline(baselinePath(baselines, { dataset: "handbook", split, pipeline }));
    if (!baseline) {
      throw new FootnoteError(
        "not_found",
        `Pipeline ${pipeline} has no baseline for handbook (${split}); make the first one: pnpm eval gate --update-baseline "<why>"`,
      );
    }
    known.set(pipeline, baseline);
  }
  return known;
}

export interface PlantOutcome {
  name: string;
  description: string;
  caught: boolean;
  regressions: number;
  floors: number;
  /** The first reason to fail. */
  reason: string | null;
  seconds: number;
}

/** Each plant through the whole gate. One that is not caught says that the gate would let it pass. */
export async function runPlantMatrix(
  options: GateOptions & { plants: readonly Plant[]; onPlant?: (outcome: PlantOutcome) => void },
): Promise<PlantOutcome[]> {
  const outcomes: PlantOutcome[] = [];
  for (const plant of options.plants) {
    const began = Date.now();
    const report = await runGate({ ...options, plant });
    const outcome: PlantOutcome = {
      name: plant.name,
      description: plant.description,
      caught: report.verdict === "failed",
      regressions: report.comparisons.filter(({ regressed }) => regressed).length,
      floors: report.floors.filter(({ met }) => !met).length,
      reason: report.problems[0] ?? null,
      seconds: Math.round((Date.now() - began) / 1_000),
    };
    outcomes.push(outcome);
    options.onPlant?.(outcome);
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
export function formatBaselineChange(pipeline: string, before: GateRun | null, after: GateRun, metrics: readonly string[]): string[] {
  return [
    `${pipeline}: ${after.cases.length} questions`,
    ...metrics.map((metric) => {
      const [was, is] = [before && meanMetric(before.cases, metric), meanMetric(after.cases, metric)];
      const show = (value: number | null) => (value === null ? "–" : value.toFixed(3));
      return `  ${metric} ${before === null ? "" : `${show(was)} → `}${show(is)}`;
    }),
  ];
}
