import { describe, expect, it } from "vitest";
import { remaining, runEval } from "./run-eval.ts";

describe("remaining", () => {
  it("goes on at the pace so far", () => {
    expect(remaining({ elapsedMs: 10_000, done: 10, total: 50 })).toBe("40 s");
    expect(remaining({ elapsedMs: 60_000, done: 10, total: 40 })).toBe("3 min");
    expect(remaining({ elapsedMs: 60_000, done: 10, total: 10 })).toBe("0 s");
  });
});

describe("runEval", () => {
  it("gives the exit status of wrong usage, and no result", async () => {
    expect(await runEval(["gate", "--inject"], () => {})).toEqual({ results: [], status: 2 });
  });
});
