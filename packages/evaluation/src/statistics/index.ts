export { bootstrapDifference, bootstrapMean, mean, median, quantile } from "./bootstrap.ts";
export type { Interval } from "./bootstrap.ts";
export { createRandom, shuffled } from "./random.ts";
export { areaUnderRoc, bootstrapArea, rocCurve } from "./roc.ts";
export type { RocPoint } from "./roc.ts";
