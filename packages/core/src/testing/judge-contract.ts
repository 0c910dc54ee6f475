/* oxlint-disable vitest/expect-expect, vitest/no-conditional-tests, vitest/valid-title, vitest/no-disabled-tests -- a contract makes its tests from a table */
import { describe, expect, it } from "vitest";
import type { Judge, JudgeItem } from "../ports/judge.ts";

/** What every judge must do. The texts are as plain as can be: how well it judges is measured, not promised. */
export function judgeContract(name: string, options: { create: () => Judge }) {
  const boiler = "The boiler is guaranteed for seven years.";
  const items: JudgeItem[] = [
    { claim: boiler, evidence: [boiler] },
    { claim: boiler, evidence: [] },
    { claim: boiler, evidence: ["Visitors park behind the building.", boiler], question: "How long is the boiler guaranteed?" },
    { claim: "Penguins play chess on Sundays.", evidence: ["Visitors park behind the building."] },
  ];

  describe(`${name}: judge contract`, () => {
    it("says what it is", () => {
      const { name: called, version, capabilities } = options.create();
      expect([called, version]).toEqual([expect.stringMatching(/\S/u), expect.stringMatching(/\S/u)]);
      expect(capabilities.batchSize).toBeGreaterThan(0);
    });

    it("gives one verdict per item, in order, with a score in 0…1 and what it cost", async () => {
      const { verdicts, usd, modelCalls } = await options.create().judge({ items });
      expect(verdicts.map(({ support }) => support)).toEqual(["supported", "unsupported", "supported", "unsupported"]);
      for (const { score } of verdicts) expect(score >= 0 && score <= 1).toBe(true);
      expect(usd).toBeGreaterThanOrEqual(0);
      expect(Number.isSafeInteger(modelCalls) && modelCalls >= 0).toBe(true);
      expect(verdicts[0]?.score).toBeGreaterThan(verdicts[3]?.score ?? 1);
    });

    it("judges an item alike in other company", async () => {
      const judge = options.create();
      const together = await judge.judge({ items });
      const reversed = await judge.judge({ items: items.toReversed() });
      expect(reversed.verdicts.toReversed().map(({ support }) => support)).toEqual(together.verdicts.map(({ support }) => support));
      if (!judge.capabilities.deterministic) return;
      for (const [at, item] of items.entries()) expect((await judge.judge({ items: [item] })).verdicts[0]).toEqual(together.verdicts[at]);
    });

    it("gives nothing for no items", async () => {
      expect(await options.create().judge({ items: [] })).toMatchObject({ verdicts: [], usd: 0, modelCalls: 0 });
    });

    it("stops when the signal has fired", async () => {
      await expect(options.create().judge({ items, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "cancelled" });
    });
  });
}
