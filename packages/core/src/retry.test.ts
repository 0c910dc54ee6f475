import { describe, expect, it } from "vitest";
import { FootnoteError } from "./errors.ts";
import { withRetries } from "./retry.ts";

/** Does not wait, and keeps for how long it was asked to. */
function watchedClock() {
  const sleeps: number[] = [];
  return { sleeps, now: () => 0, sleep: async (ms: number) => void sleeps.push(ms) };
}

const busy = new FootnoteError("overloaded", "Busy.");
const failing = (times: number) => {
  let calls = 0;
  return async () => {
    if (++calls <= times) throw busy;
    return calls;
  };
};

describe("withRetries", () => {
  it("repeats what may pass, after the wait for its number", async () => {
    const clock = watchedClock();
    const delayMs = (_error: unknown, failed: number) => failed * 100;
    await expect(withRetries({ tries: 3, delayMs, clock }, failing(2))).resolves.toBe(3);
    expect(clock.sleeps).toEqual([100, 200]);
    await expect(withRetries({ tries: 3, delayMs, clock }, failing(3))).rejects.toBe(busy);
    expect(clock.sleeps).toEqual([100, 200, 100, 200]);
  });

  it("does not repeat what would fail again", async () => {
    const clock = watchedClock();
    await expect(withRetries({ tries: 3, delayMs: () => null, clock }, failing(1))).rejects.toBe(busy);
    expect(clock.sleeps).toEqual([]);
  });

  it("ends a wait when the caller leaves, with the caller's reason", async () => {
    const leave = new AbortController();
    const closing = new FootnoteError("shutting_down", "Closed.");
    let calls = 0;
    const work = async () => {
      calls += 1;
      setImmediate(() => leave.abort(closing));
      throw busy;
    };
    await expect(withRetries({ tries: 9, delayMs: () => 60_000, signal: leave.signal }, work)).rejects.toBe(closing);
    await expect(withRetries({ tries: 9, delayMs: () => 0, signal: AbortSignal.abort() }, work)).rejects.toMatchObject({
      code: "cancelled",
    });
    expect(calls).toBe(1);
  });
});
