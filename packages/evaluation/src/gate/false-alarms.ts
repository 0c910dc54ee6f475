import { createRandom } from "../statistics/random.ts";
import { wilson } from "../statistics/wilson.ts";
import { compareRuns, type RunPair } from "./compare.ts";
import type { GateSettings } from "./gate-settings.ts";
import type { GateRun } from "./gate-run.ts";

export interface FalseAlarms {
  trials: number;
  /** Trials with one alarm or more, over every metric and slice. */
  alarms: number;
  share: number;
  /** 95 % Wilson interval of the share. */
  low: number;
  high: number;
  /** Questions on which the two runs differ in any metric. */
  differing: number;
  questions: number;
}

/** The results of two runs, dealt to a "before" and an "after" by a coin for each question: two runs that are alike by construction. */
export function swapLabels(one: GateRun, other: GateRun, random: () => number): RunPair {
  const others = new Map(other.cases.map((record) => [record.id, record]));
  const pair: RunPair = { baseline: { ...one, cases: [] }, candidate: { ...one, cases: [] } };
  for (const mine of one.cases) {
    const theirs = others.get(mine.id);
    if (!theirs) continue;
    const [before, after] = random() < 0.5 ? [mine, theirs] : [theirs, mine];
    pair.baseline.cases.push(before);
    pair.candidate.cases.push(after);
  }
  return pair;
}

/** A/A: how often the gate is red between two runs whose labels were swapped at random per question. It should be close to α, and not above. */
export function measureFalseAlarms(options: {
  /** Two different runs of each dataset. */
  runs: readonly (readonly [GateRun, GateRun])[];
  settings: GateSettings;
  trials: number;
  /** Default 1. */
  seed?: number;
  onTrial?: (done: number, alarms: number) => void;
}): FalseAlarms {
  const { runs, settings, trials, seed = 1, onTrial } = options;
  const random = createRandom(seed);
  let alarms = 0;
  for (let trial = 0; trial < trials; trial++) {
    const pairs = runs.map(([one, other]) => swapLabels(one, other, random));
    if (compareRuns(pairs, settings, { seed: seed + trial + 1, intervals: false }).some(({ regressed }) => regressed)) alarms += 1;
    onTrial?.(trial + 1, alarms);
  }
  const differing = runs.reduce((sum, [one, other]) => sum + countDiffering(one, other, settings.metrics), 0);
  const questions = runs.reduce((sum, [one]) => sum + one.cases.length, 0);
  return { trials, alarms, ...wilson(alarms, trials), differing, questions };
}

function countDiffering(one: GateRun, other: GateRun, metrics: readonly string[]): number {
  const others = new Map(other.cases.map((record) => [record.id, record.metrics]));
  return one.cases.filter(({ id, metrics: mine }) =>
    metrics.some((metric) => (mine[metric] ?? null) !== (others.get(id)?.[metric] ?? null)),
  ).length;
}
