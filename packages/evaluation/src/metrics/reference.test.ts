import { beforeAll, describe, expect, it } from "vitest";
import type { GoldSpan } from "./case-result.ts";
import { bootstrapMean, quantile } from "../statistics/bootstrap.ts";
import { testPairedFamily } from "../statistics/paired-tests.ts";
import { createRandom } from "../statistics/random.ts";
import { wilson } from "../statistics/wilson.ts";
import { openReference } from "./testing/reference.ts";
import { contextPrecision, partNdcgAt, partRecallAt, partReciprocalRank, type Place, relevanceOf } from "./part-ranking.ts";
import { ndcgAt, recallAt, reciprocalRank } from "./ranking-metrics.ts";

const queries = 60;
const pick = (random: () => number, below: number) => Math.floor(random() * below);
const idOf = (query: number) => `q${String(query).padStart(4, "0")}`;
/** What ranx reads; a ranking's first id has the greatest score. */
function ranking(sets: readonly { judged: Record<string, number>; ids: readonly string[] }[], metrics: string[]) {
  return {
    name: "ranking",
    qrels: Object.fromEntries(sets.map(({ judged }, query) => [idOf(query), judged])),
    run: Object.fromEntries(sets.map(({ ids }, query) => [idOf(query), ids.map((id, rank) => [id, 1000 - rank])])),
    metrics,
  };
}

const graded = (() => {
  const random = createRandom(20_261_121);
  return Array.from({ length: queries }, () => {
    const grades = new Map<string, number>([["d0", 1 + pick(random, 3)]]);
    for (let document = 1; document < 40; document++) if (random() < 0.3) grades.set(`d${document}`, 1 + pick(random, 3));
    const ids = Array.from({ length: 60 }, (_, document) => ({ id: `d${document}`, by: random() }))
      .toSorted((a, b) => a.by - b.by)
      .slice(0, 5 + pick(random, 50))
      .map(({ id }) => id);
    return { grades, ids };
  });
})();

/** Part p stands at 100p…100p+50 of document a, some with an alternative in b. */
const spans = (() => {
  const random = createRandom(4);
  return Array.from({ length: queries }, () => {
    const parts = 1 + pick(random, 4);
    const gold: GoldSpan[] = Array.from({ length: parts }, (_, part) => ({ document: "a", start: part * 100, end: part * 100 + 50, part }));
    if (random() < 0.5) gold.push({ document: "b", start: 0, end: 50, part: 0 });
    const places: Place[] = Array.from({ length: 20 }, () => {
      const start = pick(random, 12) * 50;
      return { document: random() < 0.7 ? "a" : "b", start, end: start + 50 };
    });
    // The same ranking as ids: a part's number where it is met first, a name of its own for everything else.
    const met = new Set<number>();
    const ids = places.map((place, rank) => {
      const part = gold.find(({ document, start, end }) => document === place.document && start < place.end && place.start < end)?.part;
      if (part === undefined || met.has(part)) return `other${rank}`;
      met.add(part);
      return `part${part}`;
    });
    return { gold, places, ids, judged: Object.fromEntries(Array.from({ length: parts }, (_, part) => [`part${part}`, 1])) };
  });
})();
const relevant = spans.map(({ places, gold }) => relevanceOf(places, gold) ?? []).filter((flags) => flags.some(Boolean));

const random = createRandom(9);
const values = Array.from({ length: 80 }, () => random() ** 2);
const differences = [-0.4, 0.1, -0.3, -0.2, 0.25, -0.5, 0.05, -0.15, -0.35, 0.2, -0.1];
const shares = [0, 0.025, 0.1, 0.5, 0.77, 0.975, 1];

let answers: unknown[] | null = null;
beforeAll(async () => {
  const reference = await openReference();
  if (!reference) return;
  // One process for all of them: it takes longer to start than to answer.
  answers = await reference([
    ranking(
      graded.map(({ grades, ids }) => ({ judged: Object.fromEntries(grades), ids })),
      ["ndcg@10", "ndcg@3", "recall@10", "recall@5", "mrr"],
    ),
    ranking(spans, ["recall@5", "recall@10", "ndcg@10", "mrr"]),
    ranking(
      relevant.map((flags) => ({
        judged: Object.fromEntries(flags.flatMap((is, rank) => (is ? [[`c${rank}`, 1]] : []))),
        ids: flags.map((_, rank) => `c${rank}`),
      })),
      ["map"],
    ),
    { name: "quantile", values, shares },
    { name: "bootstrap", values, resamples: 20_000, confidence: 0.95, seed: 1 },
    { name: "sign-flips", values: differences },
    { name: "wilson", hits: 7, trials: 8 },
  ]);
}, 600_000);

/** The greatest difference from what ranx says of a metric, over all queries. */
function deviation(call: number, metric: string, ours: readonly (number | null)[]): number {
  const scores = answers?.[call];
  const theirs = typeof scores === "object" && scores !== null ? numbers(Reflect.get(scores, metric)) : [];
  expect(theirs).toHaveLength(ours.length);
  return Math.max(...ours.map((value, query) => Math.abs((value ?? Number.NaN) - (theirs[query] ?? Number.NaN))));
}

function numbers(value: unknown): number[] {
  if (Array.isArray(value) && value.every((one) => typeof one === "number")) return value;
  throw new Error("reference.py sent no numbers");
}

describe("agreement with ranx", () => {
  it("on graded judgements and random rankings", (context) => {
    if (!answers) return context.skip();
    const over = (metric: (one: (typeof graded)[number]) => number | null) => graded.map(metric);
    expect(
      deviation(
        0,
        "ndcg@10",
        over(({ ids, grades }) => ndcgAt(10, ids, grades)),
      ),
    ).toBeLessThan(1e-9);
    expect(
      deviation(
        0,
        "ndcg@3",
        over(({ ids, grades }) => ndcgAt(3, ids, grades)),
      ),
    ).toBeLessThan(1e-9);
    expect(
      deviation(
        0,
        "recall@10",
        over(({ ids, grades }) => recallAt(10, ids, grades)),
      ),
    ).toBeLessThan(1e-9);
    expect(
      deviation(
        0,
        "recall@5",
        over(({ ids, grades }) => recallAt(5, ids, grades)),
      ),
    ).toBeLessThan(1e-9);
    expect(
      deviation(
        0,
        "mrr",
        over(({ ids, grades }) => reciprocalRank(ids, grades)),
      ),
    ).toBeLessThan(1e-9);
  });

  it("on gold spans, where the first text that touches a part stands for it", (context) => {
    if (!answers) return context.skip();
    const over = (metric: (places: Place[], gold: GoldSpan[]) => number | null) => spans.map(({ places, gold }) => metric(places, gold));
    expect(
      deviation(
        1,
        "recall@5",
        over((places, gold) => partRecallAt(5, places, gold)),
      ),
    ).toBeLessThan(1e-9);
    expect(
      deviation(
        1,
        "recall@10",
        over((places, gold) => partRecallAt(10, places, gold)),
      ),
    ).toBeLessThan(1e-9);
    expect(
      deviation(
        1,
        "ndcg@10",
        over((places, gold) => partNdcgAt(10, places, gold)),
      ),
    ).toBeLessThan(1e-9);
    expect(deviation(1, "mrr", over(partReciprocalRank))).toBeLessThan(1e-9);
  });

  it("on context precision, which is average precision when the relevant ones are those that were retrieved", (context) => {
    if (!answers) return context.skip();
    expect(relevant.length).toBeGreaterThan(30);
    expect(deviation(2, "map", relevant.map(contextPrecision))).toBeLessThan(1e-9);
  });
});

describe("agreement with NumPy and SciPy", () => {
  it("on quantiles", (context) => {
    if (!answers) return context.skip();
    const sorted = values.toSorted((a, b) => a - b);
    const theirs = numbers(answers[3]);
    for (const [index, share] of shares.entries()) expect(quantile(sorted, share)).toBeCloseTo(theirs[index] ?? Number.NaN, 12);
  });

  it("on percentile bootstrap intervals, up to what 20,000 resamples leave open", (context) => {
    if (!answers) return context.skip();
    const [low = Number.NaN, high = Number.NaN] = numbers(answers[4]);
    const ours = bootstrapMean(values, { resamples: 20_000 });
    // A quantile at 2.5 % is uncertain by about one hundredth of the width, on both sides.
    expect(Math.abs(ours.low - low)).toBeLessThan((high - low) * 0.03);
    expect(Math.abs(ours.high - high)).toBeLessThan((high - low) * 0.03);
  });

  it("on the sign-flip test of paired differences, which SciPy enumerates, and on Wilson's interval", (context) => {
    if (!answers) return context.skip();
    const [test] = testPairedFamily([differences], { resamples: 20_000 });
    // Three standard errors of a share near 0.03 among 20,000.
    expect(Math.abs((test?.p ?? Number.NaN) - Number(answers[5]))).toBeLessThan(0.004);
    const [low = Number.NaN, high = Number.NaN] = numbers(answers[6]);
    expect(wilson(7, 8)).toMatchObject({ low: expect.closeTo(low, 10), high: expect.closeTo(high, 10) });
  });
});
