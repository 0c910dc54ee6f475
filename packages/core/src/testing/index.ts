export { createFakeClock } from "./fake-clock.ts";
export { createFakeEmbedder } from "./fake-embedder.ts";
export { createSilentTelemetry } from "./silent-telemetry.ts";
