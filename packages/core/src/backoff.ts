export interface BackoffOptions {
  /** First window in milliseconds; each attempt doubles it. Default 500. */
  baseMs?: number;
  /** Widest window. Default 60,000. */
  maxMs?: number;
  /** 0 ≤ x < 1. Default Math.random. */
  random?: () => number;
}

/**
 * Full jitter (Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015): a delay drawn evenly from
 * 0…min(max, base · 2^(attempt − 1)), so that retries of many jobs do not come back together.
 */
export function fullJitterMs(attempt: number, options: BackoffOptions = {}): number {
  const { baseMs = 500, maxMs = 60_000, random = Math.random } = options;
  const window = Math.min(maxMs, baseMs * 2 ** Math.min(30, Math.max(0, attempt - 1)));
  return Math.floor(random() * window);
}
