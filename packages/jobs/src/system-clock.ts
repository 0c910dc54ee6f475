import { FootnoteError } from "@footnote/core";
import type { Clock } from "@footnote/core";

/** The machine's clock. */
export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
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
