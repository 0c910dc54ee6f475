export { createWorker } from "./create-worker.ts";
export type { FootnoteWorker, WorkerDependencies } from "./create-worker.ts";
