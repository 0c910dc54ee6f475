import { expect, it } from "vitest";
import { createBell } from "./bell.ts";

const within = async (work: Promise<void>, ms: number) =>
  await Promise.race([work.then(() => true), new Promise<boolean>((resolve) => setTimeout(() => resolve(false), ms))]);

it("keeps a ring for the next waiter, once", async () => {
  const bell = createBell();
  bell.ring();
  expect(await within(bell.wait(60_000), 200)).toBe(true);
  expect(await within(bell.wait(60_000), 50)).toBe(false);
});

it("wakes at a ring, after its time, and when the signal fires", async () => {
  const bell = createBell();
  const waiting = bell.wait(60_000);
  bell.ring();
  expect(await within(waiting, 200)).toBe(true);
  expect(await within(bell.wait(10), 500)).toBe(true);
  const abort = new AbortController();
  const stopped = bell.wait(60_000, abort.signal);
  abort.abort();
  expect(await within(stopped, 200)).toBe(true);
  expect(await within(bell.wait(60_000, abort.signal), 200)).toBe(true);
});
