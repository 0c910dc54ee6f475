import { describe, expect, it } from "vitest";
import { acceptBaseline, assertComparable, assertSameGround } from "./baseline.ts";
import { gateCase, gateRun, manyCases } from "./testing/gate-fixtures.ts";

const run = gateRun(manyCases(4));

describe("acceptBaseline", () => {
  it("keeps every reason, with the means as they were accepted", () => {
    const first = acceptBaseline({ run, before: null, reason: "  The first\nbaseline of all ", at: "2026-11-21T10:00:00Z" });
    const worse = gateRun(
      manyCases(4, () => ({ metrics: { "recall@5": 1 / 3, faithfulness: null } })),
      { commit: null },
    );
    const second = acceptBaseline({ run: worse, before: first, reason: "Fewer chunks, see 0070", at: "2026-11-22T10:00:00Z" });
    expect(second.cases).toEqual(worse.cases);
    expect(second.history).toEqual([
      {
        at: "2026-11-21T10:00:00Z",
        commit: "d".repeat(40),
        reason: "The first baseline of all",
        means: { "recall@5": 1, faithfulness: 1, abstention: 1 },
      },
      { at: "2026-11-22T10:00:00Z", commit: null, reason: "Fewer chunks, see 0070", means: { "recall@5": 0.3333, faithfulness: null } },
    ]);
  });

  it("refuses to be made without a reason", () => {
    expect(() => acceptBaseline({ run, before: null, reason: "   better  ", at: "" })).toThrow(/needs 10 characters/u);
  });
});

describe("assertComparable", () => {
  it("passes runs over the same cases, documents and judges, whatever the order and the pipeline's hash", () => {
    expect(() => assertComparable(run, gateRun(manyCases(4).toReversed(), { pipelineHash: "other" }))).not.toThrow();
    expect(() => assertSameGround({ ...run, corpus: null }, run)).not.toThrow();
  });

  it.each([
    [
      { dataset: { ...run.dataset, sha256: "e".repeat(64) } },
      /another version of the dataset handbook \(eeeeeeeeeeee instead of aaaaaaaaaaaa\)/u,
    ],
    [{ dataset: { ...run.dataset, name: "other" } }, /another dataset \(other, test instead of handbook, test\)/u],
    [{ dataset: { ...run.dataset, split: "train" as const } }, /another dataset \(handbook, train instead of handbook, test\)/u],
    [{ corpus: "f".repeat(64) }, /other documents \(ffffffffffff instead of cccccccccccc\)/u],
    [{ judges: [] }, /other judges \(none instead of deterministic@1\)/u],
    [{ cases: [...manyCases(3), gateCase(9)] }, /other cases/u],
  ])("says what differs and what to do: %j", (change, message) => {
    const baseline = gateRun(manyCases(4), change);
    expect(() => assertComparable(run, baseline)).toThrow(message);
    expect(() => assertComparable(run, baseline)).toThrow(/pnpm eval gate --update-baseline/u);
  });
});
