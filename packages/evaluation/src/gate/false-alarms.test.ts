import { describe, expect, it } from "vitest";
import { createRandom } from "../statistics/random.ts";
import { measureFalseAlarms, swapLabels } from "./false-alarms.ts";
import { measurePower } from "./power.ts";
import { manyCases, gateRun, settings, twoRuns } from "./testing/gate-fixtures.ts";

const quick = { ...settings, resamples: 400 };

describe("swapLabels", () => {
  it("deals each question's two results to the two sides, whole", () => {
    const runs = twoRuns(40, 1);
    const { candidate, baseline } = swapLabels(...runs, createRandom(2));
    for (const [index, after] of candidate.cases.entries()) {
      const dealt = [after, baseline.cases[index]];
      expect(dealt).toContain(runs[0].cases[index]);
      expect(dealt).toContain(runs[1].cases[index]);
    }
    expect(candidate.cases).not.toEqual(runs[0].cases);
    // A question that one of them does not have is nobody's.
    expect(swapLabels(runs[0], gateRun(manyCases(3)), createRandom(2)).candidate.cases).toHaveLength(3);
  });
});

describe("measureFalseAlarms", () => {
  it("is close to α for two different pipelines, and counts what it did", () => {
    const seen: number[] = [];
    const found = measureFalseAlarms({ runs: [twoRuns(80, 3)], settings: quick, trials: 150, onTrial: (done) => seen.push(done) });
    expect(seen).toHaveLength(150);
    expect(found).toMatchObject({ trials: 150, questions: 80 });
    expect(found.differing).toBeGreaterThan(10);
    expect(found.share).toBeLessThanOrEqual(0.1);
  });

  it("is far above α where the comparison is not corrected", () => {
    // What a gate without the correction would do: each of the nine hypotheses at 5 % for itself.
    const found = measureFalseAlarms({ runs: [twoRuns(80, 3)], settings: { ...quick, familyWiseAlpha: 0.3 }, trials: 60 });
    expect(found.share).toBeGreaterThan(0.12);
  });

  it("is none between equal runs", () => {
    const [one] = twoRuns(30, 1);
    expect(measureFalseAlarms({ runs: [[one, one]], settings: quick, trials: 5 })).toMatchObject({ alarms: 0, differing: 0, low: 0 });
  });
});

describe("measurePower", () => {
  const runs = twoRuns(120, 7);
  const power = (loss: number, kind: "lost" | "spread" = "lost") =>
    measurePower({ runs, settings: quick, metric: "recall@5", loss, kind, trials: 25 }).share;

  it("grows with the loss, from α to certainty", () => {
    expect(power(0)).toBeLessThanOrEqual(0.2);
    expect(power(0.1)).toBeGreaterThan(power(0.02));
    expect(power(0.4)).toBe(1);
  });

  it("is greater where every question loses a little than where a few lose all", () => {
    expect(power(0.05, "spread")).toBeGreaterThan(power(0.05));
  });

  it("has nothing to take from a metric that no case has", () => {
    expect(measurePower({ runs, settings: quick, metric: "none", loss: 0.1, kind: "spread", trials: 2 }).trials).toBe(2);
  });
});
