import { describe, expect, it } from "vitest";
import { createSystemClock, withDeadline } from "./deadline.ts";

const clock = createSystemClock();

describe("withDeadline", () => {
  it("gives the work's result or error, and leaves no timer behind", async () => {
    const options = { what: "work", timeoutMs: 60_000, clock };
    await expect(withDeadline(options, async () => 7)).resolves.toBe(7);
    await expect(withDeadline(options, async () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  });

  it("ends with `timeout` after its limit and tells the work", async () => {
    let told = false;
    const work = (signal: AbortSignal) =>
      new Promise<never>(() => {
        signal.addEventListener("abort", () => (told = true));
      });
    await expect(withDeadline({ what: "work", timeoutMs: 5, clock }, work)).rejects.toMatchObject({ code: "timeout" });
    expect(told).toBe(true);
  });
});

describe("createSystemClock", () => {
  it("sleeps until its time or until the signal", async () => {
    const began = clock.now();
    await clock.sleep(5);
    expect(clock.now() - began).toBeGreaterThan(3);
    await expect(clock.sleep(60_000, AbortSignal.abort())).rejects.toMatchObject({ code: "cancelled" });
    const controller = new AbortController();
    const sleeping = clock.sleep(60_000, controller.signal);
    controller.abort();
    await expect(sleeping).rejects.toMatchObject({ code: "cancelled" });
  });
});
