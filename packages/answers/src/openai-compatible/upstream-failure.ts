import { FootnoteError, isFootnoteError, type TokenUsage } from "@footnote/core";
import { APICallError, JSONParseError, TypeValidationError } from "ai";

/** Ends the body of a reply that went on and on. */
export class ReplyTooLong extends Error {
  readonly bytes: number;
  constructor(bytes: number) {
    super(`more than ${bytes} bytes`);
    this.bytes = bytes;
  }
}

/**
 * What a failed call to a model server means here. Neither the upstream's words nor the request are kept: both can hold document text, and the
 * SDK's error carries the whole prompt. `replied`: the reply had begun, `started`: with a token; then `usage` is what it is guessed to have cost. A
 * server that refuses, or cannot be reached, costs nothing.
 */
export function upstreamFailure(
  error: unknown,
  options: { model: string; replied: boolean; started: boolean; usage: TokenUsage },
): FootnoteError {
  const { model, started, usage } = options;
  if (isFootnoteError(error)) return error;
  const call = APICallError.isInstance(error) ? error : null;
  const tooLong = [error, call?.cause].find((cause) => cause instanceof ReplyTooLong);
  if (tooLong) {
    return new FootnoteError(
      "model_failed",
      `The server of model ${model} sent more than ${tooLong.bytes} bytes for one reply; check its address, and that it keeps to max_tokens.`,
      { details: { usage }, retryable: false },
    );
  }
  const status = call?.statusCode;
  const isSuccess = status !== undefined && status >= 200 && status < 300;
  if (call === null || status === undefined || isSuccess) {
    // A connection that is cut after the status also arrives as a failed call with status 200.
    const unreadable = [error, call?.cause].some((cause) => JSONParseError.isInstance(cause) || TypeValidationError.isInstance(cause));
    return new FootnoteError(
      "model_failed",
      unreadable
        ? `The server of model ${model} sent a reply that is not of the OpenAI API; check its address.`
        : started
          ? `The reply of model ${model} broke off; ask again.`
          : `The server of model ${model} could not be reached; check that it runs and that its address is right.`,
      { retryable: !started && !unreadable, ...((options.replied || isSuccess) && !unreadable ? { details: { usage } } : {}) },
    );
  }
  const details = { status, ...retryAfter(call?.responseHeaders?.["retry-after"]) };
  if (status === 429)
    return new FootnoteError("rate_limited", `The server of model ${model} asks to slow down (429); try again later.`, {
      details,
      retryable: !started,
    });
  if (status === 401 || status === 403) {
    return new FootnoteError("model_failed", `The server of model ${model} refused the key (${status}); check the API key.`, {
      details,
      retryable: false,
    });
  }
  if (status === 404) {
    return new FootnoteError("model_failed", `The server does not know the model ${model} or this address (404); check both.`, {
      details,
      retryable: false,
    });
  }
  if (status === 408 || status === 409 || status >= 500) {
    return new FootnoteError("model_failed", `The server of model ${model} failed (${status}); try again.`, {
      details,
      retryable: !started,
    });
  }
  return new FootnoteError("model_failed", `The server of model ${model} refused the request (${status}); its own log says why.`, {
    details,
    retryable: false,
  });
}

const longestRetryAfterMs = 60_000;

function retryAfter(header: string | undefined): { retryAfterMs?: number } {
  if (header === undefined) return {};
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? { retryAfterMs: Math.min(Math.max(0, ms), longestRetryAfterMs) } : {};
}
