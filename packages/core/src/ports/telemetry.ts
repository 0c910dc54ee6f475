/** Names of stages: what `/metrics` and timings report. */
export type Stage =
  | "parse"
  | "chunk"
  | "embed"
  | "index"
  | "publish"
  | "ingest"
  | "delete"
  | "analyze"
  | "spelling"
  | "transform"
  | "embed-query"
  | "dense"
  | "lexical"
  | "fuse"
  | "rerank"
  | "diversify"
  | "pack"
  | "search"
  | "generate"
  | "answer";

export type LogFields = Record<string, string | number | boolean | null | undefined>;

export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  /** The error's code, message and stack are logged; its details are not. */
  error(fields: LogFields & { error?: never }, message: string, error?: unknown): void;
  child(fields: LogFields): Logger;
}

export interface Telemetry {
  readonly logger: Logger;
  /** Observes a stage's duration in seconds and its outcome. */
  stage(stage: Stage, durationMs: number, outcome: "ok" | "error" | "cancelled"): void;
  /** Adds to a counter; names and label values come from code, never from input. */
  count(name: string, labels: Record<string, string>, value?: number): void;
  gauge(name: string, labels: Record<string, string>, value: number): void;
}
