import type { Problem } from "./schemas/common.ts";

const marker = Symbol.for("footnote.api-error");

/** What the server said no with, or why it could not be heard (`status` 0, codes `connection_failed`, `timeout`, `invalid_response`). */
export class FootnoteApiError extends Error {
  override readonly name = "FootnoteApiError";
  readonly status: number;
  readonly code: string;
  readonly requestId: string | null;
  readonly problem: Problem | null;
  /** Milliseconds that the server asked to wait, or null. */
  readonly retryAfterMs: number | null;

  constructor(options: {
    status: number;
    code: string;
    message: string;
    problem?: Problem | null;
    requestId?: string | null;
    retryAfterMs?: number | null;
    cause?: unknown;
  }) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = options.status;
    this.code = options.code;
    this.problem = options.problem ?? null;
    this.requestId = options.requestId ?? options.problem?.requestId ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
    Object.defineProperty(this, marker, { value: true });
  }

  /** Whether the same call may succeed later. */
  get isRetryable(): boolean {
    return this.status === 0 || this.status === 429 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

/** Recognises a FootnoteApiError by its marker, also across two copies of this package. */
export function isFootnoteApiError(error: unknown): error is FootnoteApiError {
  return typeof error === "object" && error !== null && Object.getOwnPropertyDescriptor(error, marker)?.value === true;
}
