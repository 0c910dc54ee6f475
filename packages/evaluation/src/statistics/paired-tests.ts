import { FootnoteError } from "@footnote/core";
import { createRandom } from "./random.ts";

export interface PairedTestOptions {
  /** Default 10,000. */
  resamples?: number;
  /** Default 1. */
  seed?: number;
}

export interface PairedTest {
  /** Mean difference over the cases that have one. NaN without any. */
  mean: number;
  /** Cases that have a difference. */
  count: number;
  /** Chance of a mean as low as this, were both runs alike; one-sided, of this hypothesis alone. */
  p: number;
  /** The same over the whole family: the chance that any of its hypotheses looks this bad. */
  adjustedP: number;
}

/** Slack for sums that are equal but were added up in another order. */
const rounding = 1e-9;

/**
 * One-sided tests that paired differences (`after − before`) have a mean below 0, for a family of dependent hypotheses over the same cases. A wild
 * bootstrap with Rademacher weights and the null imposed (Davidson, Flachaire: The wild bootstrap, tamed at last, 2008), which for paired data is the sign-flip
 * randomisation test: all differences of a case change their sign together, so dependence between hypotheses is kept. Statistic: Σx / √Σx², whose
 * variance is 1 for every hypothesis, however few cases it has. Family-wise: step-down max-T (Westfall, Young: Resampling-based multiple testing, 1993,
 * alg. 2.8). Exact, up to the number of resamples, where the labels of the two runs are exchangeable. p = (1 + hits) / (1 + resamples)
 * (Phipson, Smyth 2010). A row is one hypothesis: a value for each case, null where it has none. Without a difference p is 1.
 */
export function testPairedFamily(family: readonly (readonly (number | null)[])[], options: PairedTestOptions = {}): PairedTest[] {
  const { resamples = 10_000, seed = 1 } = options;
  const cases = family[0]?.length ?? 0;
  if (family.some((row) => row.length !== cases)) {
    throw new FootnoteError(
      "invalid_request",
      "The hypotheses of a family stand over the same cases; give each a value or null for every case.",
    );
  }
  const rows = family.map((row) => sparse(row));
  const moving = rows.flatMap((row, index) => (row.norm > 0 ? [index] : [])).toSorted((a, b) => statistic(rows[a]) - statistic(rows[b]));
  const { alone, together } = countHits({ rows: moving.map((index) => rows[index] ?? empty), cases, resamples, seed });
  const result = rows.map(({ sum, count }): PairedTest => ({ mean: sum / count, count, p: 1, adjustedP: 1 }));
  let floor = 0;
  for (const [order, index] of moving.entries()) {
    floor = Math.max(floor, (1 + (together[order] ?? 0)) / (1 + resamples));
    const test = result[index];
    if (!test) continue;
    test.p = (1 + (alone[order] ?? 0)) / (1 + resamples);
    test.adjustedP = floor;
  }
  return result;
}

/**
 * In how many resamples a row's statistic falls to what was observed, and in how many that of any row from it on does: the step-down needs the rows
 * in the order of their statistics, lowest first.
 */
function countHits(options: { rows: readonly SparseRow[]; cases: number; resamples: number; seed: number }) {
  const { rows, cases, resamples, seed } = options;
  const { distinct, slots } = distinctRows(rows);
  const random = createRandom(seed);
  const signs = new Float64Array(cases);
  const drawn = new Float64Array(distinct.length);
  const alone = new Float64Array(rows.length);
  const together = new Float64Array(rows.length);
  const observed = rows.map((row) => statistic(row) + rounding);
  for (let resample = 0; resample < resamples; resample++) {
    drawSigns(signs, random);
    for (const [slot, row] of distinct.entries()) drawn[slot] = flippedStatistic(row, signs);
    let least = Number.POSITIVE_INFINITY;
    for (let order = rows.length - 1; order >= 0; order--) {
      const value = drawn[slots[order] ?? 0] ?? 0;
      const bound = observed[order] ?? 0;
      if (value < least) least = value;
      if (value <= bound) alone[order] = (alone[order] ?? 0) + 1;
      if (least <= bound) together[order] = (together[order] ?? 0) + 1;
    }
  }
  return { alone, together };
}

/** Rows with equal differences have equal statistics in every resample: each is drawn once. A row's slot is its place in `distinct`. */
function distinctRows(rows: readonly SparseRow[]): { distinct: SparseRow[]; slots: number[] } {
  const distinct: SparseRow[] = [];
  const known = new Map<string, number>();
  const slots = rows.map((row) => {
    const key = `${row.cases.join()}:${row.values.join()}`;
    const slot = known.get(key) ?? distinct.push(row) - 1;
    known.set(key, slot);
    return slot;
  });
  return { distinct, slots };
}

function drawSigns(signs: Float64Array, random: () => number): void {
  for (let i = 0; i < signs.length; i++) signs[i] = random() < 0.5 ? -1 : 1;
}

/** The statistic with each case's differences under its sign. */
function flippedStatistic({ cases, values, norm }: SparseRow, signs: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < cases.length; i++) sum += (signs[cases[i] ?? 0] ?? 0) * (values[i] ?? 0);
  return sum / norm;
}

/**
 * The statistic that a hypothesis of the family must fall to for a family-wise p of `alpha`: the critical value of single-step
 * max-T. −∞ when no resample's least value is that rare.
 */
export function criticalStatistic(family: readonly (readonly (number | null)[])[], options: PairedTestOptions & { alpha: number }): number {
  const { resamples = 10_000, seed = 1, alpha } = options;
  const rows = family.map((row) => sparse(row)).filter(({ norm }) => norm > 0);
  const cases = family[0]?.length ?? 0;
  const random = createRandom(seed);
  const signs = new Float64Array(cases);
  const least = new Float64Array(resamples);
  for (let resample = 0; resample < resamples; resample++) {
    drawSigns(signs, random);
    least[resample] = rows.reduce((lowest, row) => Math.min(lowest, flippedStatistic(row, signs)), 0);
  }
  least.sort();
  // The largest value v with (1 + #{least ≤ v}) / (1 + resamples) ≤ alpha; ties count in full.
  let last = Math.floor(alpha * (1 + resamples)) - 2;
  while (last >= 0 && Math.abs((least[last + 1] ?? 0) - (least[last] ?? 0)) < rounding) last -= 1;
  return last < 0 ? Number.NEGATIVE_INFINITY : (least[last] ?? Number.NEGATIVE_INFINITY);
}

/** Σx / √Σx²: what the tests compare. 0 where nothing differs. */
export function pairedStatistic(differences: readonly (number | null)[]): number {
  return statistic(sparse(differences));
}

interface SparseRow {
  cases: number[];
  values: number[];
  sum: number;
  norm: number;
  count: number;
}

const empty: SparseRow = { cases: [], values: [], sum: 0, norm: 0, count: 0 };

function sparse(row: readonly (number | null)[]): SparseRow {
  const result: SparseRow = { cases: [], values: [], sum: 0, norm: 0, count: 0 };
  for (const [index, value] of row.entries()) {
    if (value === null) continue;
    // NaN compares false with everything: a metric that became one would pass as no loss.
    if (!Number.isFinite(value)) {
      throw new FootnoteError("invalid_request", "A paired difference is not a number; look for the metric that gave none.");
    }
    result.count += 1;
    if (value === 0) continue;
    result.cases.push(index);
    result.values.push(value);
    result.sum += value;
    result.norm += value * value;
  }
  result.norm = Math.sqrt(result.norm);
  return result;
}

function statistic(row: SparseRow = empty): number {
  return row.norm === 0 ? 0 : row.sum / row.norm;
}
