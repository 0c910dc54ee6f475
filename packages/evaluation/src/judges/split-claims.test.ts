import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitClaims } from "./split-claims.ts";

const claims = (text: string) => splitClaims(text).map(({ start, end }) => text.slice(start, end));

describe("splitClaims", () => {
  it("cuts sentences, and clauses that have a subject and a verb of their own", () => {
    const text =
      "A calibration costs 140 euros, and it takes five days. Raw values are kept for 13 months; hourly values are kept for ever.";
    expect(claims(text)).toEqual([
      "A calibration costs 140 euros",
      "it takes five days.",
      "Raw values are kept for 13 months",
      "hourly values are kept for ever.",
    ]);
  });

  it.each([
    "A calibration costs 140 euros and takes five days.",
    "Oslo, Bergen and Tromsø have offices.",
    "If the station is wet, and the heater is off, wait.",
    "It works in rain, but not in snow.",
    "SEV1 | Data is lost; nothing is left | 15 minutes",
    "Tokens are sent by mail, and never by phone.",
  ])("leaves %j whole", (text) => expect(claims(text)).toEqual([text]));

  it("leaves markers out and keeps every other letter", () => {
    expect(claims("The limit is 190 euros [1]. It was 120 euros in 2025 [2][3].")).toEqual([
      "The limit is 190 euros",
      "It was 120 euros in 2025",
    ]);
    expect(claims(" [1] ")).toEqual([]);
    expect(claims(" [1] [2, 3] – [4;5].")).toEqual([]);
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("The fee is 5 euros", ", and ", "it must be paid", "; ", "the rest is free", ". ", "Next"), {
          maxLength: 12,
        }),
        (parts) => {
          const text = parts.join("");
          const spans = splitClaims(text);
          for (const [at, { start, end }] of spans.entries()) {
            expect(start).toBeLessThan(end);
            expect(start).toBeGreaterThanOrEqual(spans[at - 1]?.end ?? 0);
          }
          const outside = text.split("").filter((_, at) => !spans.some(({ start, end }) => at >= start && at < end));
          expect(outside.join("").replace(/, and |[;.,\s]/gu, "")).toBe("");
        },
      ),
    );
  });

  it("reads a row of markers before words in no time", () => {
    const text = `${"[1]  ".repeat(200)}as Smith says`;
    const began = process.cpuUsage();
    expect(claims(text)).toEqual([text]);
    expect(process.cpuUsage(began).user).toBeLessThan(1_000_000);
  });
});
