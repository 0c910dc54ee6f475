export { fitListwise } from "./listwise-fit.ts";
export type { CandidateList } from "./listwise-fit.ts";
export { fitLogistic } from "./logistic-fit.ts";
