import { formerWeightsNames } from "@footnote/core";
import type { LearnedWeights } from "./learned-linear.ts";
import fusion1 from "./weights/fusion@1.json" with { type: "json" };
import fusionWithoutScifact1 from "./weights/fusion-without-scifact@1.json" with { type: "json" };

/** A version stays for as long as a stored pipeline may name it. */
const shipped: readonly LearnedWeights[] = [fusion1, fusionWithoutScifact1];

/** Shipped weights by the name that they have now or had before; undefined for a name that this release does not have. */
export function learnedWeights(name: string): LearnedWeights | undefined {
  return shipped.find((weights) => weights.name === name || formerWeightsNames[weights.name] === name);
}
