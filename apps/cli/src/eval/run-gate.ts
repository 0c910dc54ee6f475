import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FootnoteError } from "@footnote/core";
import { datasetHash, judgeNames } from "@footnote/evaluation";
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
import { type AskCandidates, type CandidateOptions, withGateStore } from "./gate-runs.ts";

export interface GateOptions extends CandidateOptions {
  settings: GateSettings;
  /** Folder of the committed baselines. */
  baselines: string;
}

/** Runs the candidate and holds it against its baselines. */
export async function runGate(options: GateOptions & { plant?: Plant }): Promise<GateReport> {
  const { plant, settings } = options;
  const known = await readComparableBaselines(options);
  return await withGateStore({ ...options, plants: plant ? [plant] : [] }, (ask) => judgeCandidates({ ask, known, settings, plant }));
}

async function judgeCandidates(options: {
  ask: AskCandidates;
  known: ReadonlyMap<string, Baseline>;
  settings: GateSettings;
  plant: Plant | undefined;
}): Promise<GateReport> {
  const { ask, known, settings, plant } = options;
  const runs = await ask(plant);
  return judgeGate({
    pairs: runs.flatMap((candidate) => {
      const baseline = known.get(candidate.pipeline);
      return baseline ? [{ candidate, baseline }] : [];
    }),
    settings,
  });
}

/** The baselines, once it is sure that they can be compared with what will be run: that is said before minutes are spent. */
async function readComparableBaselines(options: GateOptions): Promise<Map<string, Baseline>> {
  const { cases, split, judges } = options;
  const known = await readBaselines(options);
  const dataset = { name: "handbook", sha256: datasetHash(cases.filter((one) => one.split === split)), split };
  for (const baseline of known.values()) {
    assertSameGround({ pipeline: baseline.pipeline, dataset, judges: judgeNames(judges), corpus: null }, baseline);
  }
  return known;
}

/** Runs the candidate and writes what it did as the new baselines; the reason stays with them. */
export async function updateBaselines(
  options: GateOptions & { reason: string },
): Promise<{ path: string; pipeline: string; before: Baseline | null; baseline: Baseline }[]> {
  const { baselines, reason } = options;
  const runs = await withGateStore(options, (ask) => ask());
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
  plant: Plant;
  caught: boolean;
  report: GateReport;
  seconds: number;
}

/** Each plant through the whole gate. One that is not caught says that the gate would let it pass. */
export async function runPlantMatrix(
  options: GateOptions & { plants: readonly Plant[]; onPlant?: (outcome: PlantOutcome) => Promise<void> },
): Promise<PlantOutcome[]> {
  const { plants, settings, onPlant } = options;
  const known = await readComparableBaselines(options);
  const outcomes: PlantOutcome[] = [];
  // Plants that leave the index alone share a store.
  const groups = [plants.filter(({ engine }) => !engine), ...plants.filter(({ engine }) => engine).map((plant) => [plant])];
  for (const group of groups.filter(({ length }) => length > 0)) {
    await withGateStore({ ...options, plants: group }, async (ask) => {
      for (const plant of group) {
        const began = Date.now();
        const report = await judgeCandidates({ ask, known, settings, plant });
        const outcome = { plant, caught: report.verdict === "failed", report, seconds: Math.round((Date.now() - began) / 1_000) };
        outcomes.push(outcome);
        await onPlant?.(outcome);
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
