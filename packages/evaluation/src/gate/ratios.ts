import { mean, median } from "../statistics/bootstrap.ts";
import type { RunPair } from "./compare.ts";
import type { GateRun } from "./gate-run.ts";
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
  const measured = [
    compareUsd(baseline, candidate, ratios),
    compareTime(baseline, candidate, ratios),
    compareCpu(baseline, candidate, ratios),
  ];
  return measured.map((outcome) => ({ dataset, pipeline, ...outcome }));
}

type Measured = Omit<RatioOutcome, "dataset" | "pipeline">;

function compareUsd(baseline: GateRun, candidate: GateRun, { usd }: GateSettings["ratios"]): Measured {
  const [before = 0, after = 0] = [baseline, candidate].map((run) => mean(run.cases.map((one) => one.usd)));
  const fromNothing = after > 0 ? Number.POSITIVE_INFINITY : null;
  const ratio = before > 0 ? after / before : fromNothing;
  return { what: "usd", before, after, ratio, state: ratio !== null && ratio > usd.failAbove ? "failed" : "ok" };
}

function compareTime(baseline: GateRun, candidate: GateRun, { milliseconds }: GateSettings["ratios"]): Measured {
  const [before = 0, after = 0] = [baseline, candidate].map((run) => median(run.cases.map((one) => one.milliseconds)));
  const machines = machinesOf(baseline, candidate);
  const ratio = machines && before > 0 ? after / before / machines.slower : null;
  const isBusy = machines !== null && Math.max(machines.before.loadPerCore, machines.after.loadPerCore) > milliseconds.busyAbove;
  return { what: "milliseconds", before, after, ratio, state: isBusy ? "busy" : judgeRatio(ratio, milliseconds) };
}

function compareCpu(baseline: GateRun, candidate: GateRun, { cpu }: GateSettings["ratios"]): Measured {
  const machines = machinesOf(baseline, candidate);
  const before = machines?.before.cpuMs ?? 0;
  const after = machines?.after.cpuMs ?? 0;
  const ratio = machines && before > 0 ? after / before / machines.slower : null;
  return { what: "cpu", before, after, ratio, state: judgeRatio(ratio, cpu) };
}

/** Both machines and how much slower the second is; null where one of them is not known. */
function machinesOf({ machine: before }: GateRun, { machine: after }: GateRun) {
  return before && after ? { before, after, slower: after.calibrationMs / before.calibrationMs } : null;
}

function judgeRatio(ratio: number | null, { warnAbove, failAbove }: RatioBounds): RatioOutcome["state"] {
  if (ratio === null) return "not-compared";
  if (ratio > failAbove) return "failed";
  return ratio > warnAbove ? "warning" : "ok";
}
