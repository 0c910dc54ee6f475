import type { LearnedWeights } from "../learned-linear.ts";

/** Made by `pnpm eval fit-fusion --write`; not to be edited by hand. */
export const fusion1: LearnedWeights = {
  name: "fusion-1",
  signals: ["late-interaction"],
  weights: {
    lexical: 0.1791,
    dense: 0.1367,
    fused: 0.1541,
    "lexical-reciprocal-rank": 0.233,
    "dense-reciprocal-rank": 0.0331,
    "matched-in-text": 0.0609,
    "matched-in-title": 0.1452,
    "saturated-matches": 0.1107,
    proximity: 0.0136,
    phrase: -0.0533,
    identifiers: 0.0423,
    "late-interaction": 0.117,
    "late-interaction.least": 0.0981,
    "late-interaction.weighted": 0.21,
  },
};
