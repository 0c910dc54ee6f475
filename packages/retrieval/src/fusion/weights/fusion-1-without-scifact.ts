import type { LearnedWeights } from "../learned-linear.ts";

/** Made by `pnpm eval fit-fusion --write`; not to be edited by hand. */
export const fusion1WithoutScifact: LearnedWeights = {
  name: "fusion-1-without-scifact",
  signals: ["late-interaction"],
  weights: {
    lexical: 0.1547,
    dense: 0.1151,
    fused: 0.1567,
    "lexical-reciprocal-rank": 0.1335,
    "dense-reciprocal-rank": 0.0534,
    "matched-in-text": 0.0761,
    "matched-in-title": 0.0899,
    "saturated-matches": 0.0967,
    proximity: 0.0356,
    phrase: -0.0035,
    identifiers: 0.0386,
    "late-interaction": 0.1171,
    "late-interaction.least": 0.0956,
    "late-interaction.weighted": 0.1504,
  },
};
