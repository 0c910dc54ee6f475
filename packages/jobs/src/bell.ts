/** Something that can be waited for and woken: a wake that comes while nobody waits is kept for the next waiter. */
export interface Bell {
  ring(): void;
  /** Resolves at the next ring, after `ms`, or when the signal fires; never rejects. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

export function createBell(): Bell {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      rung = true;
      wake?.();
    },
    wait: (ms, signal) =>
      new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", done);
          if (wake === done) wake = undefined;
          rung = false;
          resolve();
        };
        const timer = setTimeout(done, ms);
        if (rung || signal?.aborted) return done();
        wake = done;
        signal?.addEventListener("abort", done, { once: true });
      }),
  };
}
