import type { LearnedWeights } from "../learned-linear.ts";

/** Made by `pnpm eval fit-fusion --write`; not to be edited by hand. */
export const fusion1: LearnedWeights = {
  name: "fusion-1",
  signals: ["late-interaction"],
  weights: {
    lexical: 0.1658,
    dense: 0.1762,
    fused: 0.2261,
    "lexical-reciprocal-rank": 0.0907,
    "dense-reciprocal-rank": 0.0702,
    "matched-in-text": 0.088,
    "matched-in-title": 0.1241,
    "saturated-matches": 0.1018,
    proximity: 0.0474,
    phrase: 0.003,
    identifiers: 0.0766,
    "late-interaction": 0.1559,
    "late-interaction.least": 0.09,
    "late-interaction.weighted": 0.166,
  },
};
