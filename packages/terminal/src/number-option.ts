import { InvalidArgumentError } from "commander";

/**
 * A parser of an option that is a whole number in decimal digits. What JavaScript would make a number of besides (`1e3`, `0x10`, blanks) is
 * a slip of whoever typed it. Default: above 0.
 */
export function wholeNumber(range: { from: number; to: number } | null = null): (value: string) => number {
  return (value) => {
    const number = /^[0-9]+$/u.test(value) ? Number(value) : Number.NaN;
    const { from, to } = range ?? { from: 1, to: Number.MAX_SAFE_INTEGER };
    if (number >= from && number <= to) return number;
    throw new InvalidArgumentError(range ? `Give a whole number from ${from} to ${to}.` : "Give a whole number above 0.");
  };
}

/** The same of one that may have a fraction. */
export function decimalNumber(range: { from: number; to: number } | { above: number }): (value: string) => number {
  return (value) => {
    const number = /^[0-9]+(?:\.[0-9]+)?$/u.test(value) ? Number(value) : Number.NaN;
    const isWithin = "above" in range ? number > range.above && Number.isFinite(number) : number >= range.from && number <= range.to;
    if (isWithin) return number;
    throw new InvalidArgumentError(
      "above" in range ? `Give a number above ${range.above}.` : `Give a number from ${range.from} to ${range.to}.`,
    );
  };
}
