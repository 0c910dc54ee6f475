import type { LearnedWeights } from "../learned-linear.ts";

export const fusion1: LearnedWeights = { name: "fusion-1", signals: ["late-interaction"], weights: { fused: 1 } };
