export { createCrossEncoder } from "./cross-encoder.ts";
export type { CrossEncoder, CrossEncoderOptions } from "./cross-encoder.ts";
export { createLateInteractionReranker } from "./late-interaction-reranker.ts";
export { createProjectedEmbedder, projectedSpace } from "./projected-embedder.ts";
export { createLocalEmbedder } from "./local-embedder.ts";
export type { LocalEmbedder, LocalEmbedderOptions, QueryTokens } from "./local-embedder.ts";
export { validateEmbeddings } from "./validate-embeddings.ts";
