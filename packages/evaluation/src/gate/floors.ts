import type { Floor } from "./gate-settings.ts";
import { isInSlice, meanMetric, type GateRun } from "./gate-run.ts";

export interface FloorOutcome {
  dataset: string;
  pipeline: string;
  metric: string;
  /** `all`, or the tag that the cases have. */
  slice: string;
  bound: number;
  /** Whether the mean must be above the bound; else it may equal it. */
  strict: boolean;
  /** Mean over the cases of the slice that have the metric; null where the run does not have it. */
  value: number | null;
  count: number;
  met: boolean;
  /** Held only where measured, and it was not. */
  skipped: boolean;
}

/** Every floor of a run's dataset that names its pipeline or all. A metric that no case has fails a floor that is always held. */
export function checkFloors(run: GateRun, floors: readonly Floor[]): FloorOutcome[] {
  const { pipeline, cases } = run;
  return floors
    .filter(({ dataset, pipelines }) => dataset === run.dataset.name && (pipelines === undefined || pipelines.includes(pipeline)))
    .flatMap(({ metric, slice = "all", atLeast, above, when = "always" }) => {
      const mean = meanMetric(cases, metric, slice);
      // Sums of 0.85 are not quite 0.85 on average.
      const value = mean === null ? null : Math.round(mean * 1e9) / 1e9;
      const count = cases.filter((one) => isInSlice(one, slice) && (one.metrics[metric] ?? null) !== null).length;
      const skipped = value === null && when === "measured";
      const outcome = (bound: number, strict: boolean): FloorOutcome => {
        const met = skipped || (value !== null && (strict ? value > bound : value >= bound));
        return { dataset: run.dataset.name, pipeline, metric, slice, bound, strict, value, count, met, skipped };
      };
      return [...(atLeast === undefined ? [] : [outcome(atLeast, false)]), ...(above === undefined ? [] : [outcome(above, true)])];
    });
}
