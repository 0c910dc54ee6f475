import { expect, it } from "vitest";
import { createSystemClock } from "./system-clock.ts";

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
