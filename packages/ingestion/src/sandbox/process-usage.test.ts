import { expect, test } from "vitest";
import { parseCpuTime, readProcessUsage } from "./process-usage.ts";

test("tells memory and processor time of a running process, and that one is gone", async () => {
  const usage = await readProcessUsage(process.pid);
  expect(usage?.residentBytes).toBeGreaterThan(10_000_000);
  expect(usage?.cpuSeconds).toBeGreaterThan(0);
  expect(await readProcessUsage(2 ** 22 + 1)).toBeNull();
});

test("reads processor time as ps prints it", () => {
  expect(parseCpuTime("01:02:03")).toBe(3723);
  expect(parseCpuTime("0:01.50")).toBe(1.5);
  expect(parseCpuTime("2-00:00:01")).toBe(172_801);
});
