import { FootnoteError } from "@footnote/core";
import { assertComparable } from "./baseline.ts";
import { type Comparison, compareRuns, type RunPair } from "./compare.ts";
import { type Detectable, smallestDetectable } from "./detectable.ts";
import { formatMetric, formatChange, formatP, formatRatio, formatRun, formatScore, ratioName } from "./figures.ts";
import { checkFloors, type FloorOutcome } from "./floors.ts";
import { meanMetric, type GateRun } from "./gate-run.ts";
import type { GateSettings } from "./gate-settings.ts";
import { compareCosts, type RatioOutcome } from "./ratios.ts";
import { type WorstCase, worstCases } from "./worst-cases.ts";

export interface GateReport {
  verdict: "passed" | "failed";
  judges: string[];
  runs: {
    dataset: string;
    split: string;
    pipeline: string;
    /** Whether the spec of the pipeline is the one of the baseline. */
    changed: boolean;
    pipelineHash: string;
    commit: string | null;
    baselineCommit: string | null;
    /** Null: there is no baseline, only the floors were held. */
    baselineAt: string | null;
    questions: number;
  }[];
  settings: Pick<GateSettings, "familyWiseAlpha" | "resamples" | "minimumCases">;
  /** Hypotheses tested together. */
  family: number;
  comparisons: Comparison[];
  floors: FloorOutcome[];
  ratios: RatioOutcome[];
  worst: WorstCase[];
  detectable: Detectable[];
  /** One sentence for each reason to fail. */
  problems: string[];
}

/** Holds candidates against their baselines and against the floors. Throws `conflict` where a baseline was made with something else. */
export function judgeGate(options: {
  pairs: readonly RunPair[];
  /** Runs that are held to the floors alone, as those of a model that differs from machine to machine. Default none. */
  unpaired?: readonly GateRun[];
  settings: GateSettings;
  /** Default 1: the same runs always get the same verdict. */
  seed?: number;
  /** Questions shown at most. Default 10. */
  worst?: number;
}): GateReport {
  const { pairs, unpaired = [], settings, seed = 1, worst = 10 } = options;
  for (const { candidate, baseline } of pairs) assertComparable(candidate, baseline);
  const candidates = [...pairs.map(({ candidate }) => candidate), ...unpaired];
  const [first] = candidates;
  if (!first) throw new FootnoteError("invalid_request", "The gate got no run to judge; name a pipeline.");
  const comparisons = compareRuns(pairs, settings, { seed });
  const floors = candidates.flatMap((candidate) => checkFloors(candidate, settings.floors));
  const ratios = pairs.flatMap((pair) => compareCosts(pair, settings.ratios));
  const problems = [
    ...comparisons.filter(({ regressed }) => regressed).map(describeRegression),
    ...pairs.flatMap((pair) => describeVanished(pair, settings.metrics)),
    ...floors.filter(({ met }) => !met).map(describeFloor),
    ...ratios.filter(({ state }) => state === "failed").map(describeRatio),
  ];
  return {
    verdict: problems.length === 0 ? "passed" : "failed",
    judges: first.judges,
    runs: candidates.map((run) => {
      const { dataset, pipeline, pipelineHash, commit, cases } = run;
      const baseline = pairs.find(({ candidate }) => candidate === run)?.baseline;
      return {
        dataset: dataset.name,
        split: dataset.split,
        pipeline,
        changed: baseline !== undefined && pipelineHash !== baseline.pipelineHash,
        pipelineHash,
        commit,
        baselineCommit: baseline?.commit ?? null,
        baselineAt: baseline?.createdAt ?? null,
        questions: cases.length,
      };
    }),
    settings: {
      familyWiseAlpha: settings.familyWiseAlpha,
      resamples: settings.resamples,
      minimumCases: settings.minimumCases,
    },
    family: comparisons.filter(({ tested }) => tested).length,
    comparisons,
    floors,
    ratios,
    worst: worstCases(pairs, comparisons, settings.metrics, worst),
    detectable: smallestDetectable(
      pairs.map(({ baseline }) => baseline),
      settings,
      { seed },
    ),
    problems,
  };
}

function describeRegression({ dataset, pipeline, metric, slice, before, after, difference, adjustedP, count }: Comparison): string {
  const where = slice === "all" ? `all ${count} questions` : `${count} questions tagged ${slice}`;
  return `${formatRun({ pipeline, dataset })}: ${metric} over ${where} fell from ${formatScore(before)} to ${formatScore(after)} (${formatChange(difference.mean)}, 95 % [${formatChange(difference.low)}, ${formatChange(difference.high)}], adjusted p ${formatP(adjustedP)})`;
}

/** A metric that no case has any more has no difference to test: without this it would pass. */
function describeVanished({ candidate, baseline }: RunPair, metrics: readonly string[]): string[] {
  const { pipeline, cases } = candidate;
  return metrics
    .filter((metric) => meanMetric(baseline.cases, metric) !== null && meanMetric(cases, metric) === null)
    .map((metric) => `${formatRun({ pipeline, dataset: candidate.dataset.name })}: ${metric} has no value any more, its baseline has`);
}

function describeFloor({ dataset, pipeline, metric, slice, bound, strict, value }: FloorOutcome): string {
  const wanted = strict ? `above ${bound}` : `at least ${bound}`;
  return value === null
    ? `${formatRun({ pipeline, dataset })}: ${formatMetric({ metric, slice })} was not measured and must be ${wanted}`
    : `${formatRun({ pipeline, dataset })}: ${formatMetric({ metric, slice })} is ${formatScore(value)} and must be ${wanted}`;
}

function describeRatio({ dataset, pipeline, what, ratio }: RatioOutcome): string {
  return `${formatRun({ pipeline, dataset })}: ${ratioName[what]}, is ${formatRatio(ratio)} the baseline's`;
}
