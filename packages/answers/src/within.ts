import type { Clock } from "@footnote/core";

export type Outcome<T> = { type: "value"; value: T } | { type: "timeout" } | { type: "aborted" };

/** A promise's value, or that `ms` passed or the signal fired first. The loser is left to itself and its rejection is swallowed. */
export async function within<T>(options: { clock: Clock; ms: number; signal?: AbortSignal }, promise: Promise<T>): Promise<Outcome<T>> {
  const { clock, ms, signal } = options;
  promise.catch(() => {});
  if (signal?.aborted) return { type: "aborted" };
  const timer = new AbortController();
  let onAbort = () => {};
  try {
    return await Promise.race([
      promise.then((value): Outcome<T> => ({ type: "value", value })),
      clock.sleep(Math.max(0, ms), timer.signal).then((): Outcome<T> => ({ type: "timeout" })),
      ...(signal
        ? [
            new Promise<Outcome<T>>((resolve) => {
              onAbort = () => resolve({ type: "aborted" });
              signal.addEventListener("abort", onAbort, { once: true });
            }),
          ]
        : []),
    ]);
  } finally {
    signal?.removeEventListener("abort", onAbort);
    timer.abort();
  }
}
