import { FootnoteError, throwIfAborted } from "./errors.ts";
import type { Clock } from "./ports/clock.ts";

export interface DeadlineOptions {
  timeoutMs: number;
  clock: Clock;
  /** What is thrown when the time is over. Default: `timeout`. */
  onTimeout?: (() => Error) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Runs `work` with a signal that fires at the caller's abort or after `timeoutMs`, and rejects then, whether or not the work listens: with
 * `onTimeout` at the deadline, with `cancelled` for the caller.
 */
export async function withDeadline<T>(options: DeadlineOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { timeoutMs, clock, signal } = options;
  const { onTimeout = () => new FootnoteError("timeout", `The work took longer than ${timeoutMs} ms; try again.`) } = options;
  throwIfAborted(signal);
  const controller = new AbortController();
  const timer = new AbortController();
  const stopped = new Promise<never>((_, reject) => {
    controller.signal.addEventListener("abort", () => reject(controller.signal.reason), { once: true });
  });
  stopped.catch(() => {});
  const onAbort = () => controller.abort(new FootnoteError("cancelled", "The work was cancelled.", { cause: signal?.reason }));
  signal?.addEventListener("abort", onAbort, { once: true });
  clock.sleep(Math.max(0, timeoutMs), timer.signal).then(
    () => controller.abort(onTimeout()),
    () => {},
  );
  try {
    return await Promise.race([work(controller.signal), stopped]);
  } finally {
    timer.abort();
    signal?.removeEventListener("abort", onAbort);
  }
}
