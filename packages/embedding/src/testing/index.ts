export { createBareLoop } from "./bare-loop.ts";
export type { BareLoop } from "./bare-loop.ts";
export { writeTinyCrossEncoder } from "./tiny-cross-encoder.ts";
