import { type ErrorCode, type FootnoteError, toFootnoteError } from "@footnote/core";
import type { Problem } from "@footnote/sdk";

/** The one place where a code becomes an HTTP status. Codes of documents that cannot be read reach clients in jobs; here they mean the upload. */
const statuses: Readonly<Record<ErrorCode, number>> = {
  invalid_request: 400,
  malformed_json: 400,
  not_found: 404,
  unauthorized: 401,
  forbidden: 403,
  method_not_allowed: 405,
  conflict: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  empty_file: 422,
  idempotency_mismatch: 422,
  idempotency_in_progress: 409,
  url_ingestion_disabled: 501,
  pipeline_unknown: 422,
  pipeline_incompatible: 422,
  rate_limited: 429,
  overloaded: 503,
  shutting_down: 503,
  document_encrypted: 422,
  document_corrupt: 422,
  document_has_no_text: 422,
  document_image_only: 422,
  document_too_large: 413,
  document_too_many_pages: 422,
  parse_timeout: 422,
  parse_out_of_memory: 422,
  parse_crashed: 422,
  cancelled: 499,
  job_interrupted: 500,
  timeout: 504,
  embedding_failed: 503,
  embedding_invalid: 500,
  rerank_failed: 503,
  model_failed: 503,
  storage_failed: 500,
  storage_unavailable: 503,
  data_folder_in_use: 503,
  queue_failed: 503,
  upstream_failed: 502,
  configuration_invalid: 500,
  internal: 500,
};

const titles: Readonly<Partial<Record<ErrorCode, string>>> = {
  invalid_request: "Invalid request",
  malformed_json: "Malformed JSON",
  not_found: "Not found",
  url_ingestion_disabled: "URL ingestion is disabled",
  cancelled: "Cancelled",
};

export function statusOf(code: ErrorCode): number {
  return statuses[code];
}

export function titleOf(code: ErrorCode): string {
  return titles[code] ?? code.charAt(0).toUpperCase() + code.slice(1).replaceAll("_", " ");
}

/** RFC 9457. An unknown error becomes `internal`; nothing of it is told but the request's id. */
export function toProblem(error: unknown, requestId: string): Problem {
  const known = toFootnoteError(error);
  const status = statusOf(known.code);
  const issues = known.details["errors"];
  return {
    type: `urn:footnote:problem:${known.code}`,
    title: titleOf(known.code),
    status,
    code: known.code,
    detail: known.message,
    requestId,
    ...(isIssueList(issues) ? { errors: issues } : {}),
  };
}

export function problemResponse(error: unknown, requestId: string): Response {
  const problem = toProblem(error, requestId);
  return new Response(JSON.stringify(problem), { status: problem.status, headers: problemHeaders(toFootnoteError(error)) });
}

function problemHeaders(error: FootnoteError): Record<string, string> {
  const retryAfter = error.details["retryAfterSeconds"];
  const allow = error.details["allow"];
  return {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    ...(error.code === "unauthorized" ? { "www-authenticate": 'Bearer realm="footnote"' } : {}),
    ...(typeof retryAfter === "number" ? { "retry-after": String(retryAfter) } : {}),
    ...(typeof allow === "string" ? { allow } : {}),
    ...(error.code === "shutting_down" || error.code === "overloaded" ? { "retry-after": "1" } : {}),
    // The rest of a body that is too large is not read: the connection cannot be used again.
    ...(error.code === "payload_too_large" || error.code === "shutting_down" ? { connection: "close" } : {}),
  };
}

function isIssueList(value: unknown): value is { path: string; message: string }[] {
  return Array.isArray(value) && value.every((item) => typeof item === "object" && item !== null && "path" in item && "message" in item);
}
