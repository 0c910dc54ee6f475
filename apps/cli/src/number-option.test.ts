import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { decimalNumber, wholeNumber } from "./number-option.ts";
import { runFootnote } from "./testing/run-footnote.ts";

describe("options that are numbers", () => {
  it.each(["", " ", "10abc", "1e3", "0x10", "-1", "+1", "1.5", "1_000", "99999999999999999999", "NaN", "٣"])(
    "are no whole number: %j",
    (value) => {
      expect(() => wholeNumber()(value)).toThrow("Give a whole number above 0.");
    },
  );

  it("are taken as they stand, within their range", () => {
    expect(["1", "20", "007"].map(wholeNumber())).toEqual([1, 20, 7]);
    expect(() => wholeNumber()("0")).toThrow("above 0");
    expect(wholeNumber({ from: 0, to: 65_535 })("0")).toBe(0);
    expect(() => wholeNumber({ from: 0, to: 65_535 })("65536")).toThrow("Give a whole number from 0 to 65535.");
    expect(["0", "0.5", "1"].map(decimalNumber({ from: 0, to: 1 }))).toEqual([0, 0.5, 1]);
    expect(decimalNumber({ above: 0 })("0.001")).toBe(0.001);
    for (const value of ["", "1e-3", "-0.5", ".", "0.5x", "1.5"])
      expect(() => decimalNumber({ from: 0, to: 1 })(value)).toThrow("Give a number from 0 to 1.");
    expect(() => decimalNumber({ above: 0 })("0")).toThrow("Give a number above 0.");
  });

  it.each([
    ["search", "tea", "--limit", "1e1"],
    ["search", "tea", "--limit", "51"],
    ["serve", "--port", "80x"],
    ["serve", "--port", "-1"],
    ["eval", "run", "--limit", "10abc"],
    ["eval", "run", "--concurrency", "0x2"],
    ["eval", "show", "run_x", "--metric", "mrr", "--below", "1e-1"],
    ["eval", "ablation", "--limit", "-3"],
    ["eval", "answers", "--every", "2.0"],
    ["eval", "bootstrap", "--passages", " 5"],
    ["eval", "fit-fusion", "--l2", "1e0"],
    ["eval", "power", "--trials", "1e2"],
    ["eval", "retrieval", "folder", "--limit", "+4"],
  ])("are checked before anything is done: %s %s %s %s", async (...argv) => {
    const dataDir = await mkdtemp(join(tmpdir(), "footnote-numbers-"));
    onTestFinished(() => rm(dataDir, { recursive: true }));
    expect(await runFootnote(argv, { dataDir, cwd: dataDir })).toMatchObject({
      code: 2,
      err: expect.stringMatching(/Give a (whole )?number/u),
    });
  });
});
