import { expect, test } from "vitest";
import { runInSteps } from "./let-others-run.ts";

function* busy(steps: number, stepMs: number) {
  for (let i = 0; i < steps; i += 1) {
    for (const began = performance.now(); performance.now() - began < stepMs;);
    yield;
  }
  return "done";
}

test("others run while long work goes on in steps", async () => {
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 1);
  expect(await runInSteps(busy(40, 5), new AbortController().signal)).toBe("done");
  clearInterval(timer);
  expect(turns).toBeGreaterThanOrEqual(4);
});

test("a cancel ends the work between two steps", async () => {
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 5);
  await expect(runInSteps(busy(10_000, 5), abort.signal)).rejects.toMatchObject({ code: "cancelled" });
});
