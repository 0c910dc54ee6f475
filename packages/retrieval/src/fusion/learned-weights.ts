import type { LearnedWeights } from "./learned-linear.ts";
import { fusion1 } from "./weights/fusion-1.ts";

const shipped: readonly LearnedWeights[] = [fusion1];

/** Shipped weights by name; undefined for a name that this release does not have. */
export function learnedWeights(name: string): LearnedWeights | undefined {
  return shipped.find((weights) => weights.name === name);
}
