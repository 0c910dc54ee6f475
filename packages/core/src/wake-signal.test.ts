import { expect, it } from "vitest";
import { createWakeSignal } from "./wake-signal.ts";

const within = async (work: Promise<void>, ms: number) =>
  await Promise.race([work.then(() => true), new Promise<boolean>((resolve) => setTimeout(() => resolve(false), ms))]);

it("keeps a wake for the next waiter, once", async () => {
  const wakeSignal = createWakeSignal();
  wakeSignal.wake();
  expect(await within(wakeSignal.wait(60_000), 200)).toBe(true);
  expect(await within(wakeSignal.wait(60_000), 50)).toBe(false);
});

it("wakes at a wake, after its time, and when the signal fires", async () => {
  const wakeSignal = createWakeSignal();
  const waiting = wakeSignal.wait(60_000);
  wakeSignal.wake();
  expect(await within(waiting, 200)).toBe(true);
  expect(await within(wakeSignal.wait(10), 500)).toBe(true);
  const abort = new AbortController();
  const stopped = wakeSignal.wait(60_000, abort.signal);
  abort.abort();
  expect(await within(stopped, 200)).toBe(true);
  expect(await within(wakeSignal.wait(60_000, abort.signal), 200)).toBe(true);
});
