import type { Logger, Telemetry } from "../ports/telemetry.ts";

/** Telemetry that keeps what it was told, for tests, and prints nothing. */
export function createSilentTelemetry(): Telemetry & {
  readonly logged: { level: string; fields: object; message: string; error?: unknown }[];
} {
  const logged: { level: string; fields: object; message: string; error?: unknown }[] = [];
  const logger = (base: object): Logger => ({
    debug: (fields, message) => void logged.push({ level: "debug", fields: { ...base, ...fields }, message }),
    info: (fields, message) => void logged.push({ level: "info", fields: { ...base, ...fields }, message }),
    warn: (fields, message) => void logged.push({ level: "warn", fields: { ...base, ...fields }, message }),
    error: (fields, message, error) => void logged.push({ level: "error", fields: { ...base, ...fields }, message, error }),
    child: (fields) => logger({ ...base, ...fields }),
  });
  return { logged, logger: logger({}), stage: () => {}, count: () => {}, gauge: () => {} };
}
