export { createOpenAiCompatibleModel } from "./openai-compatible-model.ts";
export type { OpenAiCompatibleModelOptions } from "./openai-compatible-model.ts";
export { probeModel } from "./probe-model.ts";
export type { ModelProbe } from "./probe-model.ts";
