/** Term ids are folded below it. */
export const termSpace = 1_000_000_000;
