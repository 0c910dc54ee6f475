import type { LearnedWeights } from "../learned-linear.ts";

export const fusion1WithoutScifact: LearnedWeights = {
  name: "fusion-1-without-scifact",
  signals: ["late-interaction"],
  weights: { fused: 1 },
};
