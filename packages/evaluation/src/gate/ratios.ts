import { mean, median } from "../statistics/bootstrap.ts";
import type { RunPair } from "./compare.ts";
import type { GateSettings, RatioBounds } from "./gate-settings.ts";

export interface RatioOutcome {
  dataset: string;
  pipeline: string;
  /** Cost of an answer (mean), its time (median), processor time of a case. */
  what: "usd" | "milliseconds" | "cpu";
  before: number;
  after: number;
  /** after / before; null where the two cannot be compared, or both are 0. */
  ratio: number | null;
  /** `busy`: others kept one of the machines busy, so its times say nothing. */
  state: "ok" | "warning" | "failed" | "busy" | "not-compared";
}

/**
 * Cost and time of a run beside its baseline's, as ratios. Machines differ, so times are first divided by each machine's own calibration; a machine
 * that others keep busy makes threads wait for each other, which no calibration takes back, so its wall-clock times are shown and not judged.
 */
export function compareCosts({ candidate, baseline }: RunPair, ratios: GateSettings["ratios"]): RatioOutcome[] {
  const { pipeline } = candidate;
  const dataset = candidate.dataset.name;
  const outcome = (what: RatioOutcome["what"], before: number, after: number, ratio: number | null, state: RatioOutcome["state"]) => ({
    dataset,
    pipeline,
    what,
    before,
    after,
    ratio,
    state,
  });
  const usd = [baseline, candidate].map((run) => mean(run.cases.map((one) => one.usd)));
  const [usdBefore = 0, usdAfter = 0] = usd;
  const usdRatio = usdBefore > 0 ? usdAfter / usdBefore : usdAfter > 0 ? Number.POSITIVE_INFINITY : null;
  const [msBefore = 0, msAfter = 0] = [baseline, candidate].map((run) => median(run.cases.map((one) => one.milliseconds)));
  const machines = baseline.machine && candidate.machine ? { before: baseline.machine, after: candidate.machine } : null;
  const slower = machines ? machines.after.calibrationMs / machines.before.calibrationMs : 1;
  const msRatio = machines && msBefore > 0 ? msAfter / msBefore / slower : null;
  const isBusy = machines !== null && Math.max(machines.before.loadPerCore, machines.after.loadPerCore) > ratios.milliseconds.busyAbove;
  const cpuRatio = machines && machines.before.cpuMs > 0 ? machines.after.cpuMs / machines.before.cpuMs / slower : null;
  return [
    outcome("usd", usdBefore, usdAfter, usdRatio, usdRatio !== null && usdRatio > ratios.usd.failAbove ? "failed" : "ok"),
    outcome("milliseconds", msBefore, msAfter, msRatio, isBusy ? "busy" : judgeRatio(msRatio, ratios.milliseconds)),
    outcome("cpu", machines?.before.cpuMs ?? 0, machines?.after.cpuMs ?? 0, cpuRatio, judgeRatio(cpuRatio, ratios.cpu)),
  ];
}

function judgeRatio(ratio: number | null, { warnAbove, failAbove }: RatioBounds): RatioOutcome["state"] {
  if (ratio === null) return "not-compared";
  if (ratio > failAbove) return "failed";
  return ratio > warnAbove ? "warning" : "ok";
}
