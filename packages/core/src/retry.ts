import { ConstantBackoff, handleWhen, retry } from "cockatiel";
import { throwIfAborted } from "./errors.ts";
import type { Clock } from "./ports/clock.ts";
import { createSystemClock } from "./system-clock.ts";

export interface RetryOptions {
  /** Tries in all, the first one counted. */
  tries: number;
  /** Milliseconds to wait after the try with this number, from 1, has failed; null where the next one would fail, too. */
  delayMs(error: unknown, failed: number): number | null;
  /** Default: the machine's. */
  clock?: Clock;
  signal?: AbortSignal | undefined;
}

/** Repeats work that fails while its error may pass, and throws the last error. Who is aborted gets `cancelled`, also out of a wait. */
export async function withRetries<T>(options: RetryOptions, work: () => Promise<T>): Promise<T> {
  const { tries, delayMs, clock = createSystemClock(), signal } = options;
  let failed = 0;
  let mayPass = false;
  const policy = retry(
    handleWhen(() => mayPass),
    { maxAttempts: tries - 1, backoff: new ConstantBackoff(0) },
  );
  try {
    return await policy.execute(async () => {
      mayPass = false;
      throwIfAborted(signal);
      try {
        return await work();
      } catch (error) {
        const waitMs = signal?.aborted ? null : delayMs(error, ++failed);
        // The library's own wait hears no signal and none of our clocks: it waits for nothing, and a try that failed ends with the wait.
        if (waitMs && failed < tries) await clock.sleep(waitMs, signal);
        mayPass = waitMs !== null;
        throw error;
      }
    });
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}
