import { describe, expect, it } from "vitest";
import { withDeadline } from "./deadline.ts";
import { FootnoteError } from "./errors.ts";
import { createSystemClock } from "./system-clock.ts";

const clock = createSystemClock();

describe("withDeadline", () => {
  it("gives the work's result or error, and leaves no timer behind", async () => {
    const options = { timeoutMs: 60_000, clock };
    await expect(withDeadline(options, async () => 7)).resolves.toBe(7);
    await expect(withDeadline(options, async () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  });

  it("ends with `timeout` after its limit and tells the work", async () => {
    let told = false;
    const work = (signal: AbortSignal) =>
      new Promise<never>(() => {
        signal.addEventListener("abort", () => (told = true));
      });
    await expect(withDeadline({ timeoutMs: 5, clock }, work)).rejects.toMatchObject({ code: "timeout" });
    expect(told).toBe(true);
  });

  it("ends with the error that is given for it, and with `cancelled` when the caller leaves", async () => {
    const stuck = () => new Promise<never>(() => {});
    const onTimeout = () => new FootnoteError("model_failed", "Silent.");
    await expect(withDeadline({ timeoutMs: -1, clock, onTimeout }, stuck)).rejects.toMatchObject({ code: "model_failed" });
    const leave = new AbortController();
    const waiting = withDeadline({ timeoutMs: 60_000, clock, signal: leave.signal }, stuck);
    leave.abort();
    await expect(waiting).rejects.toMatchObject({ code: "cancelled" });
    await expect(withDeadline({ timeoutMs: 60_000, clock, signal: leave.signal }, async () => 7)).rejects.toMatchObject({
      code: "cancelled",
    });
  });
});
