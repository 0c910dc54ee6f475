import { type Clock, FootnoteError, throwIfAborted } from "@footnote/core";

/**
 * Runs `work` with a signal that fires at the caller's abort or after `timeoutMs`, and rejects then, whether or not the work
 * listens: `timeout` for the limit, `cancelled` for the caller.
 */
export async function withDeadline<T>(
  options: { what: string; timeoutMs: number; clock: Clock; signal?: AbortSignal | undefined },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { what, timeoutMs, clock, signal } = options;
  throwIfAborted(signal);
  const controller = new AbortController();
  const timer = new AbortController();
  const stopped = new Promise<never>((_, reject) => {
    controller.signal.addEventListener("abort", () => reject(controller.signal.reason), { once: true });
  });
  stopped.catch(() => {});
  const onAbort = () => controller.abort(new FootnoteError("cancelled", "The work was cancelled.", { cause: signal?.reason }));
  signal?.addEventListener("abort", onAbort, { once: true });
  clock.sleep(timeoutMs, timer.signal).then(
    () => controller.abort(new FootnoteError("timeout", `The ${what} took longer than ${timeoutMs} ms; try again.`)),
    () => {},
  );
  try {
    return await Promise.race([work(controller.signal), stopped]);
  } finally {
    timer.abort();
    signal?.removeEventListener("abort", onAbort);
  }
}

/** The machine's own clock; `now` is monotonic within a process. */
export function createSystemClock(): Clock {
  return {
    now: () => performance.timeOrigin + performance.now(),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const cancel = () => {
          clearTimeout(timer);
          reject(new FootnoteError("cancelled", "The sleep was cancelled."));
        };
        const timer = setTimeout(() => {
          signal?.removeEventListener("abort", cancel);
          resolve();
        }, ms);
        if (signal?.aborted) cancel();
        else signal?.addEventListener("abort", cancel, { once: true });
      }),
  };
}
