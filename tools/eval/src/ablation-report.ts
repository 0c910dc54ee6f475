import { pipelineHash } from "@footnote/core";
import { bootstrapDifference, createRandom, type Interval, mean, median, quantile } from "@footnote/evaluation/statistics";
import type { AblationResult } from "./ablation-results.ts";
import type { AblationVariant } from "./ablation-variants.ts";

/** One set with what every pipeline did on it, by pipeline hash. */
export interface AblationSet {
  dataset: string;
  split: string;
  /** Metrics that are compared, the first one on the plot. */
  metrics: readonly string[];
  results: ReadonlyMap<string, AblationResult>;
}

export interface AblationRow {
  step: string;
  change: string;
  /** Why there are no figures; absent where there are. */
  unmeasured?: string;
  /** Difference to the reference by `dataset metric`, paired by question. */
  differences: Map<string, Interval>;
  /** True when the ranking stays as it is: what is pooled and drawn is then the second metric of the sets that have one. */
  answersOnly: boolean;
  /** Mean of the sets' differences in their first metric, with an interval; null where no set measured it. */
  pooled: Interval | null;
  /** Sets that `pooled` is the mean of. */
  pooledSets: number;
  /** Chunks of this row to chunks of the reference, the median of the sets. */
  chunks: number | null;
  /** Milliseconds of this row to those of the reference: the median over questions of the ratio, asked one after the other. */
  latency: number | null;
  /** US dollars for a thousand questions. */
  usd: number;
  degraded: number;
}

const resamples = 2_000;

/** Compares every variant with the first. */
export function compareVariants(variants: readonly AblationVariant[], sets: readonly AblationSet[]): AblationRow[] {
  const [first, ...others] = variants;
  if (!first) return [];
  return others.map((variant) => compare(variant, first, sets));
}

function compare(variant: AblationVariant, first: AblationVariant, sets: readonly AblationSet[]): AblationRow {
  const row: AblationRow = {
    step: variant.step,
    change: variant.change,
    differences: new Map(),
    answersOnly: variant.answersOnly,
    pooled: null,
    pooledSets: 0,
    chunks: null,
    latency: null,
    usd: 0,
    degraded: 0,
  };
  const pools: number[][] = [];
  const chunkRatios: number[] = [];
  const latencyRatios: number[] = [];
  let questions = 0;
  let usd = 0;
  for (const { dataset, split, metrics, results } of sets) {
    const result = results.get(pipelineHash(variant.spec));
    const before = results.get(pipelineHash(first.spec));
    if (!result || !before) continue;
    for (const [at, metric] of metrics.entries()) {
      const { old, now } = paired(before, result, metric);
      if (old.length === 0) continue;
      row.differences.set(columnName(dataset, split, metric), bootstrapDifference(old, now, { resamples }));
      if (at === (variant.answersOnly ? 1 : 0)) pools.push(now.map((value, i) => value - (old[i] ?? 0)));
    }
    if (before.chunks > 0) chunkRatios.push(result.chunks / before.chunks);
    const besides = result.baselineMilliseconds;
    if (besides) {
      for (const [i, ms] of result.milliseconds.entries()) if ((besides[i] ?? 0) > 0) latencyRatios.push(ms / (besides[i] ?? 1));
    }
    questions += result.milliseconds.length;
    usd += result.usd;
    row.degraded += result.degraded;
  }
  if (row.differences.size === 0) {
    const unmeasured = variant.needsModel ? "needs a model; unmeasured" : "unmeasured";
    return { ...row, unmeasured };
  }
  return {
    ...row,
    pooled: pooledInterval(pools),
    pooledSets: pools.length,
    chunks: chunkRatios.length === 0 ? null : median(chunkRatios),
    latency: latencyRatios.length === 0 ? null : median(latencyRatios),
    usd: questions === 0 ? 0 : (1000 * usd) / questions,
  };
}

export const columnName = (dataset: string, split: string, metric: string): string => `${dataset} ${split} ${metric}`;

function paired(before: AblationResult, after: AblationResult, metric: string): { old: number[]; now: number[] } {
  const old: number[] = [];
  const now: number[] = [];
  for (const [id, values] of Object.entries(before.values)) {
    const a = values[metric];
    const b = after.values[id]?.[metric];
    if (a === undefined || b === undefined) continue;
    old.push(a);
    now.push(b);
  }
  return { old, now };
}

/**
 * The mean of several sets' mean differences, every set counting alike, and its percentile interval: in each resample the questions
 * of every set are drawn anew within the set.
 */
export function pooledInterval(pools: readonly (readonly number[])[]): Interval | null {
  const sets = pools.filter((differences) => differences.length > 0);
  if (sets.length === 0) return null;
  const random = createRandom(1);
  const means = Float64Array.from({ length: resamples }, () =>
    mean(
      sets.map((differences) => {
        let sum = 0;
        for (let i = 0; i < differences.length; i++) sum += differences[Math.floor(random() * differences.length)] ?? 0;
        return sum / differences.length;
      }),
    ),
  ).sort();
  const count = sets.reduce((sum, differences) => sum + differences.length, 0);
  return { mean: mean(sets.map(mean)), low: quantile(means, 0.025), high: quantile(means, 0.975), count };
}

const signed = (value: number) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
const cell = ({ mean, low, high }: Interval) => {
  const text = `${signed(mean)} [${signed(low)}, ${signed(high)}]`;
  // An interval that leaves zero out is set in bold.
  return low > 0 || high < 0 ? `**${text}**` : text;
};

/** The table of the report, in Markdown. Its first row holds the reference's own values. */
export function formatAblationTable(rows: readonly AblationRow[], sets: readonly AblationSet[], first: AblationVariant): string {
  const columns = sets.flatMap(({ dataset, split, metrics }) => metrics.map((metric) => ({ dataset, split, metric })));
  const header = [
    "step",
    "changed to",
    ...columns.map(({ dataset, split, metric }) => `${dataset}${split === "test" ? "" : ` (${split})`}, ${metric}`),
    "mean of the sets",
    "chunks",
    "time",
    "USD / 1,000",
  ];
  const absolute = columns.map(({ dataset, split, metric }) => {
    const set = sets.find((one) => one.dataset === dataset && one.split === split);
    const result = set?.results.get(pipelineHash(first.spec));
    const values = Object.values(result?.values ?? {}).flatMap((one) => one[metric] ?? []);
    return values.length === 0
      ? ""
      : `${(values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(3)} (n = ${values.length})`;
  });
  const lines = [header, header.map(() => "---"), [`**${first.step}**`, first.change, ...absolute, "", "1", "1", "0"]];
  for (const row of rows) {
    if (row.unmeasured) {
      lines.push([row.step, row.change, ...columns.map(() => ""), row.unmeasured, "", "", ""]);
      continue;
    }
    lines.push([
      row.step,
      row.change,
      ...columns.map(({ dataset, split, metric }) => {
        const interval = row.differences.get(columnName(dataset, split, metric));
        return interval ? cell(interval) : "";
      }),
      row.pooled ? `${cell(row.pooled)}${row.answersOnly ? " †" : ""}${row.pooledSets < sets.length ? ` (${row.pooledSets})` : ""}` : "",
      row.chunks === null ? "" : `×${row.chunks.toFixed(2)}`,
      row.latency === null ? "" : `×${row.latency.toFixed(2)}`,
      row.usd.toFixed(row.usd === 0 ? 0 : 4),
    ]);
  }
  return lines.map((line) => `| ${line.join(" | ")} |`).join("\n");
}

const escape = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Every row's mean difference with its interval, and the single sets as small marks: a picture that needs no program. */
export function plotAblation(rows: readonly AblationRow[], sets: readonly AblationSet[]): string {
  const shown = rows.filter((row) => row.pooled !== null);
  const colours = ["#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377"];
  const left = 300;
  const width = 860;
  const rowHeight = 18;
  const top = 46;
  const height = top + shown.length * rowHeight + 34;
  const columnsOf = ({ answersOnly }: AblationRow) =>
    sets.map(({ dataset, split, metrics }) => columnName(dataset, split, metrics[answersOnly ? 1 : 0] ?? ""));
  const ends = shown
    .flatMap((row) => [row.pooled, ...columnsOf(row).map((column) => row.differences.get(column))])
    .flatMap((interval) => (interval ? [interval.mean] : []));
  const wide = shown.flatMap(({ pooled }) => (pooled ? [pooled.low, pooled.high] : []));
  const reach = Math.max(0.02, ...[...ends, ...wide].map(Math.abs)) * 1.05;
  const x = (value: number) => (left + ((value + reach) / (2 * reach)) * (width - left - 16)).toFixed(1);
  const step = reach > 0.3 ? 0.1 : reach > 0.12 ? 0.05 : reach > 0.05 ? 0.02 : 0.01;
  const ticks = Array.from({ length: 2 * Math.floor(reach / step) + 1 }, (_, i) => (i - Math.floor(reach / step)) * step);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    `<title>Effect of each step against the reference</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="8" y="16" font-size="13">Difference to the reference: mean of the sets with its 95 % interval; coloured marks are single sets; † right citations</text>`,
    ...sets.map(({ dataset, split, metrics }, i) => {
      const at = 8 + i * Math.floor((width - 16) / Math.max(1, sets.length));
      return `<circle cx="${at + 4}" cy="30" r="3.5" fill="${colours[i % colours.length]}"/><text x="${at + 12}" y="34">${escape(`${dataset}${split === "test" ? "" : ` (${split})`} ${metrics[0] ?? ""}`)}</text>`;
    }),
    ...ticks.flatMap((tick) => [
      `<line x1="${x(tick)}" y1="${top - 4}" x2="${x(tick)}" y2="${height - 26}" stroke="${Math.abs(tick) < 1e-9 ? "#333333" : "#dddddd"}"/>`,
      `<text x="${x(tick)}" y="${height - 12}" text-anchor="middle">${tick === 0 ? "0" : signed(tick).replace(/0$/u, "")}</text>`,
    ]),
  ];
  for (const [i, row] of shown.entries()) {
    const { step: name, change, pooled, differences, answersOnly } = row;
    if (!pooled) continue;
    const y = top + i * rowHeight + rowHeight / 2;
    parts.push(
      `<text x="8" y="${y + 4}">${escape(`${name}: ${change}${answersOnly ? " †" : ""}`)}</text>`,
      `<line x1="${x(pooled.low)}" y1="${y}" x2="${x(pooled.high)}" y2="${y}" stroke="#333333" stroke-width="2"/>`,
      ...columnsOf(row).flatMap((column, at) => {
        const interval = differences.get(column);
        return interval
          ? [`<circle cx="${x(interval.mean)}" cy="${y}" r="2.5" fill="${colours[at % colours.length]}" fill-opacity="0.8"/>`]
          : [];
      }),
      `<rect x="${Number(x(pooled.mean)) - 3}" y="${y - 3}" width="6" height="6" fill="#333333"/>`,
    );
  }
  parts.push("</svg>", "");
  return parts.join("\n");
}

const begin = "<!-- ablation: written by `pnpm eval ablation` -->";
const end = "<!-- ablation: end -->";

/** The text of a page with its ablation section replaced, or added at its end. */
export function withAblationSection(page: string, section: string): string {
  const body = `${begin}\n${section.trim()}\n${end}`;
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) return `${page.trimEnd()}\n\n${body}\n`;
  return `${page.slice(0, from)}${body}${page.slice(to + end.length)}`;
}
