/**
 * The closed list of what can go wrong. HTTP statuses are chosen in apps/api/src/problem.ts, retries of jobs in
 * packages/jobs; nothing else switches on these.
 */
export const errorCodes = [
  // the request
  "invalid_request",
  "malformed_json",
  "not_found",
  "unauthorized",
  "forbidden",
  "method_not_allowed",
  "conflict",
  "payload_too_large",
  "unsupported_media_type",
  "empty_file",
  "idempotency_mismatch",
  "idempotency_in_progress",
  "url_ingestion_disabled",
  "pipeline_unknown",
  "pipeline_incompatible",
  "rate_limited",
  "overloaded",
  "shutting_down",
  // a document that cannot be read
  "document_encrypted",
  "document_corrupt",
  "document_has_no_text",
  "document_image_only",
  "document_too_large",
  "document_too_many_pages",
  "parse_timeout",
  "parse_out_of_memory",
  "parse_crashed",
  // work
  "cancelled",
  "job_interrupted",
  "timeout",
  "embedding_failed",
  "embedding_invalid",
  "rerank_failed",
  "model_failed",
  "storage_failed",
  "storage_unavailable",
  "data_folder_in_use",
  "queue_failed",
  "upstream_failed",
  "configuration_invalid",
  "internal",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

const marker = Symbol.for("footnote.error");

/** Codes whose cause may be gone at the next try; everything else fails the same way again. */
const retryableCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "timeout",
  "embedding_failed",
  "rerank_failed",
  "model_failed",
  "storage_failed",
  "storage_unavailable",
  "queue_failed",
  "upstream_failed",
  "overloaded",
  "rate_limited",
  "parse_crashed",
  "shutting_down",
]);

export interface FootnoteErrorOptions {
  /** Facts for the caller: names, limits, positions. Never document text, never a secret. */
  details?: Record<string, unknown>;
  cause?: unknown;
  /** Default: whether the code's cause may be gone at the next try. */
  retryable?: boolean;
}

/** The one error class. The message is one sentence: what failed, on what, what to do. */
export class FootnoteError extends Error {
  override readonly name = "FootnoteError";
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly details: Record<string, unknown>;

  constructor(code: ErrorCode, message: string, options: FootnoteErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? retryableCodes.has(code);
    this.details = options.details ?? {};
    Object.defineProperty(this, marker, { value: true });
  }
}

/** Recognises a FootnoteError by its marker, also across two copies of this package. */
export function isFootnoteError(error: unknown): error is FootnoteError {
  return typeof error === "object" && error !== null && Object.getOwnPropertyDescriptor(error, marker)?.value === true;
}

/** Any thrown value as a FootnoteError; an unknown one becomes `internal` and keeps its cause. */
export function toFootnoteError(error: unknown): FootnoteError {
  if (isFootnoteError(error)) return error;
  if (error instanceof Error && error.name === "AbortError") {
    return new FootnoteError("cancelled", "The work was cancelled.", { cause: error });
  }
  if (error instanceof Error && error.name === "TimeoutError") {
    return new FootnoteError("timeout", "The work took longer than its limit; try again.", { cause: error });
  }
  return new FootnoteError("internal", "An unexpected error occurred; the request id leads to its log entry.", { cause: error });
}

/** Throws `cancelled` when the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  if (isFootnoteError(signal.reason)) throw signal.reason;
  throw new FootnoteError("cancelled", "The work was cancelled.", { cause: signal.reason });
}

/** The outcome of one item of a batch, where failing is expected. */
export type Result<T> = { ok: true; value: T } | { ok: false; error: FootnoteError };
