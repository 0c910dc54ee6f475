import { mean } from "../statistics/bootstrap.ts";
import { createRandom } from "../statistics/random.ts";
import { criticalStatistic, pairedStatistic } from "../statistics/paired-tests.ts";
import { hypothesesOf, type RunPair } from "./compare.ts";
import type { GateSettings } from "./gate-settings.ts";
import type { GateRun } from "./gate-run.ts";
import { swapLabels } from "./false-alarms.ts";

/** How large a loss on all questions must be to be found in 8 of 10 changes. */
export interface Detectable {
  dataset: string;
  pipeline: string;
  metric: string;
  /** Cases that have the metric. */
  count: number;
  /** Mean loss in 0…1 where some questions lose everything; null where even all of them would not do. */
  loss: number | null;
}

const wantedPower = 0.8;
const trials = 200;

/**
 * An estimate from the accepted runs alone, in a moment: an ordinary change is played by swapping the answers of two pipelines at random per
 * question, then questions drawn at random lose the metric altogether, until 8 of 10 such changes pass the critical value of the family. Without a
 * second pipeline there is no ordinary change to play: the losses stand alone. `eval power` runs the whole gate instead.
 */
export function smallestDetectable(
  runs: readonly GateRun[],
  settings: Pick<GateSettings, "familyWiseAlpha" | "minimumCases" | "metrics">,
  options: { seed?: number } = {},
): Detectable[] {
  const { seed = 1 } = options;
  const { familyWiseAlpha: alpha, metrics, minimumCases } = settings;
  return runs.flatMap((run) => {
    const dataset = run.dataset.name;
    const other = runs.find((one) => one !== run && one.dataset.name === dataset);
    const noise: RunPair = other ? swapLabels(run, other, createRandom(seed)) : { candidate: run, baseline: run };
    const family = hypothesesOf([noise], metrics).filter(({ slice, before }) => slice === "all" || before.length >= minimumCases);
    const differences = family.map((one) => one.differences);
    // Without any difference the family is that of one metric's losses: a sign test.
    const found = criticalStatistic(differences, { resamples: 2_000, seed, alpha });
    const critical = Number.isFinite(found) ? found : -Math.sqrt(Math.ceil(Math.log2(1 / alpha)));
    return family
      .filter(({ slice }) => slice === "all")
      .map(({ metric, before, after }): Detectable => {
        const size = before.length;
        const powerOf = (lost: number): number => {
          const random = createRandom(seed + lost);
          let alarms = 0;
          for (let trial = 0; trial < trials; trial++) {
            const changed = playLoss({ before, after, lost, random });
            if (pairedStatistic(changed) <= critical) alarms += 1;
          }
          return alarms / trials;
        };
        let low = 0;
        let high = size;
        if (powerOf(size) < wantedPower) return { dataset, pipeline: run.pipeline, metric, count: size, loss: null };
        while (high - low > 1) {
          const middle = Math.floor((low + high) / 2);
          if (powerOf(middle) >= wantedPower) high = middle;
          else low = middle;
        }
        return { dataset, pipeline: run.pipeline, metric, count: size, loss: (high / size) * mean(before) };
      });
  });
}

/** Differences of an ordinary change (labels swapped at random) in which `lost` questions, drawn at random, fall to 0. */
function playLoss(options: { before: readonly number[]; after: readonly number[]; lost: number; random: () => number }): number[] {
  const { before, after, lost, random } = options;
  const order = before.map((_, index) => index);
  for (let i = 0; i < lost; i++) {
    const j = i + Math.floor(random() * (order.length - i));
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  const gone = new Set(order.slice(0, lost));
  return before.map((left, index) => {
    const right = after[index] ?? 0;
    const [from, to] = random() < 0.5 ? [left, right] : [right, left];
    return (gone.has(index) ? 0 : to) - from;
  });
}
