import type { LogFields, Logger, Telemetry } from "@footnote/core";
import { type DestinationStream, type Logger as PinoLogger, pino } from "pino";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { redactError, redactFields, redactText } from "./redaction.ts";

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

export interface TelemetryOptions {
  /** Default `info`. */
  level?: LogLevel;
  /** Where JSON lines go. Default: standard error. */
  destination?: DestinationStream;
  /** Process metrics (memory, event loop) too. Default true. */
  processMetrics?: boolean;
}

/** Telemetry with what the API adds to it. Its registry is its own: two in one process do not meet. */
export interface ApplicationTelemetry extends Telemetry {
  /** One served request; `route` is the pattern, never the path. */
  observeRequest(request: { method: string; route: string; status: number; durationMs: number }): void;
  /** A gauge that is read when metrics are asked for; a failing one is left out. */
  onScrape(read: () => Promise<void> | void): void;
  /** Prometheus' text format. */
  metrics(): Promise<string>;
  readonly metricsContentType: string;
}

const stageBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
/** Label values seen per metric beyond which new ones become `other`: a label from input must not fill the memory. */
const maxSeries = 200;

export function createTelemetry(options: TelemetryOptions = {}): ApplicationTelemetry {
  const { level = "info", destination = pino.destination({ fd: 2, sync: true }), processMetrics = true } = options;
  const registry = new Registry();
  if (processMetrics) collectDefaultMetrics({ register: registry, prefix: "footnote_" });
  const stages = new Histogram({
    name: "footnote_stage_duration_seconds",
    help: "Duration of one stage of a question or an ingestion.",
    labelNames: ["stage", "outcome"],
    buckets: stageBuckets,
    registers: [registry],
  });
  const requests = new Histogram({
    name: "footnote_http_request_duration_seconds",
    help: "Duration of HTTP requests until the reply's end.",
    labelNames: ["method", "route", "status"],
    buckets: stageBuckets,
    registers: [registry],
  });
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const series = new Map<string, Set<string>>();
  const scrapers: (() => Promise<void> | void)[] = [];

  function bounded(name: string, labels: Record<string, string>): Record<string, string> {
    const seen = series.get(name) ?? new Set<string>();
    series.set(name, seen);
    const id = JSON.stringify(labels);
    if (seen.has(id)) return labels;
    if (seen.size >= maxSeries) return Object.fromEntries(Object.keys(labels).map((label) => [label, "other"]));
    seen.add(id);
    return labels;
  }

  return {
    logger: createLogger(
      pino(
        {
          level,
          base: null,
          timestamp: pino.stdTimeFunctions.isoTime,
          messageKey: "message",
          formatters: { level: (label) => ({ level: label }) },
        },
        destination,
      ),
    ),
    stage(stage, durationMs, outcome) {
      stages.observe({ stage, outcome }, Math.max(0, durationMs) / 1000);
    },
    count(name, labels, value = 1) {
      let counter = counters.get(name);
      if (!counter) {
        counter = new Counter({ name, help: name.replaceAll("_", " "), labelNames: Object.keys(labels), registers: [registry] });
        counters.set(name, counter);
      }
      counter.inc(bounded(name, labels), value);
    },
    gauge(name, labels, value) {
      let gauge = gauges.get(name);
      if (!gauge) {
        gauge = new Gauge({ name, help: name.replaceAll("_", " "), labelNames: Object.keys(labels), registers: [registry] });
        gauges.set(name, gauge);
      }
      gauge.set(bounded(name, labels), value);
    },
    observeRequest({ method, route, status, durationMs }) {
      const labels = bounded("requests", { method, route, status: `${Math.floor(status / 100)}xx` });
      requests.observe(labels, Math.max(0, durationMs) / 1000);
    },
    onScrape(read) {
      scrapers.push(read);
    },
    async metrics() {
      await Promise.allSettled(scrapers.map(async (read) => read()));
      return registry.metrics();
    },
    metricsContentType: registry.contentType,
  };
}

function createLogger(target: PinoLogger): Logger {
  return {
    debug: (fields, message) => target.debug(redactFields(fields), redactText(message)),
    info: (fields, message) => target.info(redactFields(fields), redactText(message)),
    warn: (fields, message) => target.warn(redactFields(fields), redactText(message)),
    error: (fields: LogFields, message, error) =>
      target.error({ ...redactFields(fields), ...(error === undefined ? {} : { error: redactError(error) }) }, redactText(message)),
    child: (fields) => createLogger(target.child(redactFields(fields))),
  };
}
