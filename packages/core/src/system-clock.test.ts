import { afterEach, expect, it, vi } from "vitest";
import { createSystemClock } from "./system-clock.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

it("tells the time and sleeps", async () => {
  const clock = createSystemClock();
  const began = clock.now();
  expect(Math.abs(began - Date.now())).toBeLessThan(1000);
  await clock.sleep(30);
  expect(clock.now() - began).toBeGreaterThanOrEqual(28);
});

it("is woken by its signal with `cancelled`", async () => {
  const clock = createSystemClock();
  const abort = new AbortController();
  const sleeping = clock.sleep(60_000, abort.signal);
  abort.abort();
  await expect(sleeping).rejects.toMatchObject({ code: "cancelled" });
  await expect(clock.sleep(1, abort.signal)).rejects.toMatchObject({ code: "cancelled" });
});

it("has fractions of a millisecond, and follows a time of day that was set", () => {
  const clock = createSystemClock();
  const times = Array.from({ length: 1_000 }, () => clock.now());
  expect(times.some((time) => !Number.isInteger(time))).toBe(true);
  expect(times).toEqual(times.toSorted((one, other) => one - other));
  const realNow = Date.now;
  vi.spyOn(Date, "now").mockImplementation(() => realNow() + 3_600_000);
  expect(clock.now() - realNow()).toBeGreaterThan(3_599_000);
  vi.restoreAllMocks();
  expect(Math.abs(clock.now() - realNow())).toBeLessThan(1_001);
});
