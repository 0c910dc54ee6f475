/** Something that can be waited for and woken: a wake that comes while nobody waits is kept for the next waiter. */
export interface WakeSignal {
  wake(): void;
  /** Resolves at the next wake, after `ms`, or when the signal fires; never rejects. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

export function createWakeSignal(): WakeSignal {
  let isWoken = false;
  let wakeWaiter: (() => void) | undefined;
  return {
    wake() {
      isWoken = true;
      wakeWaiter?.();
    },
    wait: (ms, signal) =>
      new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", done);
          if (wakeWaiter === done) wakeWaiter = undefined;
          isWoken = false;
          resolve();
        };
        const timer = setTimeout(done, ms);
        if (isWoken || signal?.aborted) return done();
        wakeWaiter = done;
        signal?.addEventListener("abort", done, { once: true });
      }),
  };
}
