import { describe, expect, it } from "vitest";
import { decimalNumber, wholeNumber } from "./number-option.ts";

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
});
