export { createTelemetry } from "./create-telemetry.ts";
export type { ApplicationTelemetry, LogLevel, TelemetryOptions } from "./create-telemetry.ts";
export { loggedFields, redactError, redactFields, redactText } from "./redaction.ts";
