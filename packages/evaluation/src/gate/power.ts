import { createRandom } from "../statistics/random.ts";
import { wilson } from "../statistics/wilson.ts";
import { compareRuns } from "./compare.ts";
import { swapLabels } from "./false-alarms.ts";
import type { GateSettings } from "./gate-settings.ts";
import { meanMetric, type GateRun } from "./gate-run.ts";

export interface Power {
  metric: string;
  /** Mean loss over all questions, in 0…1. */
  loss: number;
  /** How it is spread: some questions lose the metric altogether, or every question loses a little. */
  kind: "lost" | "spread";
  trials: number;
  /** Share of trials in which the gate was red. */
  share: number;
  low: number;
  high: number;
}

/**
 * How often the whole gate turns red for a loss of known size. Before and after are the results of two pipelines dealt by a coin for each
 * question, as of an ordinary change that does no harm; then `metric` of the after side loses `loss` on average, and nothing else does: a real
 * regression moves several metrics, so this is the least that the gate can do.
 */
export function measurePower(options: {
  runs: readonly [GateRun, GateRun];
  settings: GateSettings;
  metric: string;
  loss: number;
  kind: Power["kind"];
  trials: number;
  /** Default 1. */
  seed?: number;
}): Power {
  const { runs, settings, metric, loss, kind, trials, seed = 1 } = options;
  const [one, other] = runs;
  const random = createRandom(seed);
  let alarms = 0;
  for (let trial = 0; trial < trials; trial++) {
    const { baseline, candidate } = swapLabels(one, other, random);
    const after = kind === "lost" ? loseQuestions(candidate, metric, loss, random) : loseEverywhere(candidate, metric, loss);
    const found = compareRuns([{ baseline, candidate: after }], settings, { seed: seed + trial + 1, intervals: false });
    if (found.some(({ regressed }) => regressed)) alarms += 1;
  }
  return { metric, loss, kind, trials, ...wilson(alarms, trials) };
}

/** Questions drawn at random fall to 0 until the mean has lost `loss`; the last one in part. */
function loseQuestions(run: GateRun, metric: string, loss: number, random: () => number): GateRun {
  const scored = run.cases.flatMap(({ metrics }, index) => ((metrics[metric] ?? null) === null ? [] : [index]));
  const fallen = new Map<number, number>();
  let left = loss * scored.length;
  while (left > 0 && scored.length > 0) {
    const [index] = scored.splice(Math.floor(random() * scored.length), 1);
    if (index === undefined) break;
    const value = run.cases[index]?.metrics[metric] ?? 0;
    const fall = Math.min(value, left);
    left -= fall;
    if (fall > 0) fallen.set(index, value - fall);
  }
  return withMetric(run, metric, (value, index) => fallen.get(index) ?? value);
}

/** Every question loses the same share of its value. */
function loseEverywhere(run: GateRun, metric: string, loss: number): GateRun {
  const mean = meanMetric(run.cases, metric) ?? 0;
  const kept = mean > 0 ? Math.max(0, 1 - loss / mean) : 0;
  return withMetric(run, metric, (value) => value * kept);
}

function withMetric(run: GateRun, metric: string, change: (value: number, index: number) => number): GateRun {
  return {
    ...run,
    cases: run.cases.map((one, index) => {
      const value = one.metrics[metric] ?? null;
      return value === null ? one : { ...one, metrics: { ...one.metrics, [metric]: change(value, index) } };
    }),
  };
}
