import type { LearnedWeights } from "./learned-linear.ts";
import { fusion1 } from "./weights/fusion-1.ts";
import { fusion1WithoutScifact } from "./weights/fusion-1-without-scifact.ts";

const shipped: readonly LearnedWeights[] = [fusion1, fusion1WithoutScifact];

/** Shipped weights by name; undefined for a name that this release does not have. */
export function learnedWeights(name: string): LearnedWeights | undefined {
  return shipped.find((weights) => weights.name === name);
}
