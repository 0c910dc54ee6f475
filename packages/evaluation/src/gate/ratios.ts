import { quantile } from "../statistics/bootstrap.ts";
import type { RunPair } from "./compare.ts";
import type { GateSettings } from "./gate-settings.ts";
import type { GateRun } from "./gate-run.ts";

export interface RatioOutcome {
  pipeline: string;
  what: "usd" | "milliseconds";
  before: number;
  after: number;
  /** after / before; null where the baseline cost nothing and the candidate does not either, or speed cannot be compared. */
  ratio: number | null;
  state: "ok" | "warning" | "failed" | "not-compared";
}

/** Cost and time of a run beside its baseline's, as ratios: machines differ, so times are first divided by each machine's own calibration. */
export function compareCosts({ candidate, baseline }: RunPair, ratios: GateSettings["ratios"]): RatioOutcome[] {
  const { pipeline } = candidate;
  const usdBefore = mean(baseline.cases.map(({ usd }) => usd));
  const usdAfter = mean(candidate.cases.map(({ usd }) => usd));
  const usdRatio = usdBefore > 0 ? usdAfter / usdBefore : usdAfter > 0 ? Number.POSITIVE_INFINITY : null;
  const [msBefore, msAfter] = [medianMs(baseline), medianMs(candidate)];
  const calibrated = baseline.calibrationMs !== null && candidate.calibrationMs !== null && msBefore > 0;
  const msRatio = calibrated ? msAfter / (candidate.calibrationMs ?? 1) / (msBefore / (baseline.calibrationMs ?? 1)) : null;
  return [
    {
      pipeline,
      what: "usd",
      before: usdBefore,
      after: usdAfter,
      ratio: usdRatio,
      state: usdRatio !== null && usdRatio > ratios.usd.failAbove ? "failed" : "ok",
    },
    { pipeline, what: "milliseconds", before: msBefore, after: msAfter, ratio: msRatio, state: speedState(msRatio, ratios.milliseconds) },
  ];
}

function speedState(ratio: number | null, { warnAbove, failAbove }: GateSettings["ratios"]["milliseconds"]): RatioOutcome["state"] {
  if (ratio === null) return "not-compared";
  if (ratio > failAbove) return "failed";
  return ratio > warnAbove ? "warning" : "ok";
}

function medianMs({ cases }: GateRun): number {
  const sorted = cases.map(({ milliseconds }) => milliseconds).toSorted((a, b) => a - b);
  return sorted.length === 0 ? 0 : quantile(sorted, 0.5);
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
