import { type Clock, FootnoteError } from "@footnote/core";

/** The machine's own clock, for tests against a local server. */
export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      const cancel = () => {
        clearTimeout(timer);
        reject(new FootnoteError("cancelled", "The sleep was cancelled."));
      };
      if (signal?.aborted) cancel();
      else signal?.addEventListener("abort", cancel, { once: true });
    }),
};
