import { FootnoteError } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";

/** A clock that moves only when told to; sleepers wake when their time has come. */
export function createFakeClock(startMs = 0): Clock & { advance(ms: number): void } {
  let now = startMs;
  let sleepers: { at: number; wake: () => void }[] = [];
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const cancel = () => reject(new FootnoteError("cancelled", "The sleep was cancelled."));
        if (signal?.aborted) return cancel();
        signal?.addEventListener("abort", cancel, { once: true });
        sleepers.push({
          at: now + ms,
          wake: () => {
            signal?.removeEventListener("abort", cancel);
            resolve();
          },
        });
      }),
    advance(ms) {
      now += ms;
      const due = sleepers.filter((sleeper) => sleeper.at <= now);
      sleepers = sleepers.filter((sleeper) => sleeper.at > now);
      for (const sleeper of due) sleeper.wake();
    },
  };
}
