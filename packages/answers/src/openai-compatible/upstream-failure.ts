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
export function upstreamFailure(error: unknown, options: CallState): FootnoteError {
  if (isFootnoteError(error)) return error;
  const call = APICallError.isInstance(error) ? error : null;
  const tooLong = [error, call?.cause].find((cause) => cause instanceof ReplyTooLong);
  if (tooLong) {
    return new FootnoteError(
      "model_failed",
      `The server of model ${options.model} sent more than ${tooLong.bytes} bytes for one reply; check its address, and that it keeps to max_tokens.`,
      { details: { usage: options.usage }, retryable: false },
    );
  }
  // A connection that is cut after the status also arrives as a failed call with status 200.
  const status = call?.statusCode;
  const isSuccess = status !== undefined && status >= 200 && status < 300;
  if (status === undefined || isSuccess) return brokenReply([error, call?.cause], { ...options, replied: options.replied || isSuccess });
  return refusal(status, options, retryAfter(call?.responseHeaders?.["retry-after"]));
}

interface CallState {
  model: string;
  replied: boolean;
  started: boolean;
  usage: TokenUsage;
}

function brokenReply(causes: readonly unknown[], { model, replied, started, usage }: CallState): FootnoteError {
  if (causes.some((cause) => JSONParseError.isInstance(cause) || TypeValidationError.isInstance(cause))) {
    const message = `The server of model ${model} sent a reply that is not of the OpenAI API; check its address.`;
    return new FootnoteError("model_failed", message, { retryable: false });
  }
  const message = started
    ? `The reply of model ${model} broke off; ask again.`
    : `The server of model ${model} could not be reached; check that it runs and that its address is right.`;
  return new FootnoteError("model_failed", message, { retryable: !started, ...(replied ? { details: { usage } } : {}) });
}

function refusal(status: number, { model, started }: CallState, wait: { retryAfterMs?: number }): FootnoteError {
  const details = { status, ...wait };
  const passing = { details, retryable: !started };
  const lasting = { details, retryable: false };
  switch (status) {
    case 429:
      return new FootnoteError("rate_limited", `The server of model ${model} asks to slow down (429); try again later.`, passing);
    case 401:
    case 403:
      return new FootnoteError("model_failed", `The server of model ${model} refused the key (${status}); check the API key.`, lasting);
    case 404:
      return new FootnoteError("model_failed", `The server does not know the model ${model} or this address (404); check both.`, lasting);
  }
  return status === 408 || status === 409 || status >= 500
    ? new FootnoteError("model_failed", `The server of model ${model} failed (${status}); try again.`, passing)
    : new FootnoteError("model_failed", `The server of model ${model} refused the request (${status}); its own log says why.`, lasting);
}

const longestRetryAfterMs = 60_000;

function retryAfter(header: string | undefined): { retryAfterMs?: number } {
  if (header === undefined) return {};
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? { retryAfterMs: Math.min(Math.max(0, ms), longestRetryAfterMs) } : {};
}
