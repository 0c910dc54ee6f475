export { embedderContract } from "./embedder-contract.ts";
export { createFakeClock } from "./fake-clock.ts";
export { createFakeEmbedder } from "./fake-embedder.ts";
export { createMemoryIndex } from "./memory-index.ts";
export type { MemoryEntry, MemoryIndex } from "./memory-index.ts";
export { createScriptedModel, scriptText } from "./scripted-model.ts";
export type { ScriptedCompletion, ScriptedModel, ScriptStep } from "./scripted-model.ts";
export { createSilentTelemetry } from "./silent-telemetry.ts";
export { hitOf, rerankerContract } from "./reranker-contract.ts";
