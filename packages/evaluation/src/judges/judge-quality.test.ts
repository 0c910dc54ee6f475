import type { Judge, Verdict } from "@footnote/core";
import { describe, expect, it } from "vitest";
import type { LabelledClaim } from "../datasets/scifact.ts";
import { judgePairs, judgeQuality } from "./judge-quality.ts";

const pair = (label: LabelledClaim["label"], at: number): LabelledClaim => ({
  claimId: `${at}`,
  claim: `${label} ${at}`,
  title: "T",
  abstract: "A",
  label,
});

/** Supports what begins so, with a score to match. */
const judge: Judge & { seen: string[][] } = {
  name: "by name",
  version: "1",
  capabilities: { deterministic: true, batchSize: 8 },
  seen: [],
  async judge({ items }) {
    const verdicts = items.map(({ claim, evidence }): Verdict => {
      judge.seen.push([...evidence]);
      return claim.startsWith("support")
        ? { support: "supported", score: 0.9 }
        : { support: claim.startsWith("none") ? "unsupported" : "partial", score: 0.2 };
    });
    return { verdicts, usd: 0, modelCalls: 0 };
  },
};

describe("judgeQuality", () => {
  it("counts verdicts per label, and is perfect for a judge that is", async () => {
    const pairs = Array.from({ length: 70 }, (_, at) => pair(at % 2 === 0 ? "support" : at % 3 === 0 ? "contradict" : "none", at));
    const progress: number[] = [];
    const judged = await judgePairs({ judge, pairs, onProgress: (done) => progress.push(done) });
    expect(progress).toEqual([32, 64, 70]);
    expect(judge.seen[0]).toEqual(["T", "A"]);
    const quality = judgeQuality("by name@1", judged);
    expect(quality.confusion.support).toEqual({ supported: 35, partial: 0, unsupported: 0 });
    expect(quality.confusion.contradict.partial + quality.confusion.none.unsupported).toBe(35);
    expect(quality.supported.accuracy.mean).toBe(1);
    expect(quality.area.contradicted.mean).toBe(1);
    expect(quality.majorityAccuracy).toBe(0.5);
  });

  it("shows what a judge that calls everything supported is worth", () => {
    const verdict: Verdict = { support: "supported", score: 0.5 };
    const quality = judgeQuality("yes@1", [
      { label: "support", verdict },
      { label: "contradict", verdict },
      { label: "none", verdict },
      { label: "none", verdict },
    ]);
    expect(quality.supported.accuracy.mean).toBe(0.25);
    expect(quality.supported.recall.mean).toBe(1);
    expect(quality.area.all.mean).toBe(0.5);
    expect(quality.majorityAccuracy).toBe(0.75);
  });
});
