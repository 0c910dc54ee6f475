import { FootnoteError } from "./errors.ts";
import type { Clock } from "./ports/clock.ts";

/** Milliseconds between the two clocks of the machine from which the time of day was set, or the machine slept. */
const mostDriftMs = 1_000;

/**
 * The machine's clock. Steps of a search take fractions of a millisecond, and no duration may be negative: so time passes as on the monotonic clock. That one stands
 * still while a machine sleeps and knows nothing of corrections: where the time of day has moved away from it, it is set anew.
 */
export function createSystemClock(): Clock {
  let originMs = performance.timeOrigin;
  return {
    now() {
      const now = originMs + performance.now();
      const driftMs = Date.now() - now;
      if (Math.abs(driftMs) < mostDriftMs) return now;
      originMs += driftMs;
      return now + driftMs;
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const cancel = () => {
          clearTimeout(timer);
          reject(new FootnoteError("cancelled", "The wait was cancelled."));
        };
        const timer = setTimeout(() => {
          signal?.removeEventListener("abort", cancel);
          resolve();
        }, ms);
        if (signal?.aborted) return cancel();
        signal?.addEventListener("abort", cancel, { once: true });
      }),
  };
}
